import { MeshproofError } from '../../errors.ts';
import { ApiRefusal } from '../../kubernetes/api-error.ts';
import type { Manifest } from '../../kubernetes/manifest.ts';
import type { ClusterAccess, PodObject } from '../../mesh/access.ts';
import type { MeshSettings } from '../../mesh/settings.ts';
import { Istiod } from '../istiod.ts';
import {
  chooseControlPlane,
  DEFAULT_REVISION,
  discoverable,
  injectorOf,
  labelledBy,
  REVISION_LABEL,
  revisionIn,
  usualInjection,
  type ChosenPlane,
  type InjectorConfiguration,
} from './control-planes.ts';
import type { MeshConfig, PilotEnvironment } from './mesh-config.ts';

/** The namespace in which Istio's tools install it by default. */
export const USUAL_NAMESPACE = 'istio-system';
const CLUSTER_DOMAIN = 'cluster.local';
const INJECTORS = 'app=sidecar-injector';

/** A control plane that was found, and how to query it. */
export interface FoundMesh extends ChosenPlane {
  istiod: Istiod;
  config: MeshConfig;
  environment: PilotEnvironment;
  settings: MeshSettings;
  /** Empty if the account may not list them. */
  injectors: readonly InjectorConfiguration[];
}

/**
 * Finds the control plane of the given revision or tag, and reads its configuration.
 * @param wanted default: the one that injects by the label `istio-injection`, or else the only one
 * @throws MeshproofError `ISTIOD_MISSING`, `ISTIOD_UNREACHABLE`, `ISTIOD_FORBIDDEN`, `REVISION_UNKNOWN` or `REVISION_NOT_NAMED`
 */
export async function findMesh(access: ClusterAccess, wanted: string | undefined, signal?: AbortSignal): Promise<FoundMesh> {
  const injectors = await listInjectors(access, signal);
  const chosen = injectors === undefined ? await unseenPlane(access, wanted, signal) : chooseControlPlane(injectors, wanted);
  const istiod = new Istiod(access, chosen.plane);
  const [config, [pod]] = await Promise.all([istiod.meshConfig(signal), istiod.pods(signal)]);
  const { args = [], env = [] } = pod?.spec.containers.find(({ name }) => name === 'discovery') ?? {};
  const { discoverySelectors: selectors = [] } = config;
  const namespaces = {
    meshed: { labels: discoverable(labelledBy(chosen.injection), selectors) },
    unmeshed: { labels: discoverable(chosen.unmeshed, selectors) },
  };
  const { namespace, revision } = chosen.plane;
  return {
    ...chosen,
    istiod,
    config,
    environment: Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]]))),
    injectors: injectors ?? [],
    settings: {
      controlPlane: revision,
      controlPlaneNamespace: namespace,
      // Istio treats an empty string as missing.
      rootNamespace: config.rootNamespace || namespace,
      trustDomain: config.trustDomain || CLUSTER_DOMAIN,
      clusterDomain: args[args.indexOf('--domain') + 1 || args.length] || CLUSTER_DOMAIN,
      injection: chosen.injection,
      namespaces,
    },
  };
}

/** The revision whose proxies new pods of such a namespace get. */
export function injectorIn({ injectors, plane, injection }: FoundMesh, labels: Readonly<Record<string, string>>): string | undefined {
  if (injectors.length > 0) return injectorOf(injectors, labels);
  // Without access to the injectors, the usual labels are assumed.
  return labels[injection.label] === injection.value ? plane.revision : labels[REVISION_LABEL];
}

async function listInjectors(access: ClusterAccess, signal?: AbortSignal): Promise<readonly InjectorConfiguration[] | undefined> {
  const kind = ['admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration'] as const;
  return await access.list<Manifest & InjectorConfiguration>(...kind, INJECTORS, signal).catch((error: unknown) => {
    if (error instanceof ApiRefusal && error.status === 403) return undefined;
    throw error;
  });
}

/** Used if the account may not list injectors: assumes the istiod in the usual namespace and the usual injection label. */
async function unseenPlane(access: ClusterAccess, wanted: string | undefined, signal?: AbortSignal): Promise<ChosenPlane> {
  const pods = await access.pods(USUAL_NAMESPACE, 'app=istiod', signal);
  const revisions = [...new Set(pods.map(revisionOf))];
  const revision = wanted ?? revisions.find((one) => one === DEFAULT_REVISION) ?? revisions[0];
  if (revision === undefined || (wanted === undefined && revisions.length > 1 && revision !== DEFAULT_REVISION)) {
    throw new MeshproofError(
      'ISTIOD_MISSING',
      `it is unclear which istiod to use: ${USUAL_NAMESPACE} has ${revisions.join(', ') || 'none'}`,
      {
        hint: 'the account may not list MutatingWebhookConfigurations: npx meshproof rbac prints the permissions',
      },
    );
  }
  const plane = { revision, namespace: USUAL_NAMESPACE, tags: [] };
  return { plane, injection: usualInjection(revision), unmeshed: {} };
}

const revisionOf = ({ metadata }: PodObject): string => revisionIn(metadata);
