import { MeshproofError } from '../../errors.ts';
import type { KubernetesApi } from '../../kubernetes/api.ts';
import type { LiveObject } from '../../kubernetes/live-object.ts';
import { refOf } from '../../kubernetes/live-object.ts';
import type { Manifest, PodRef } from '../../kubernetes/manifest.ts';
import type { Pod } from '../../kubernetes/pods.ts';
import type { MeshRevisions } from '../../mesh/adapter.ts';
import { isOurs, liveOf, makerOf } from '../../rigs/ownership.ts';
import { OWNER_LABEL } from '../../rigs/rig.ts';
import type { ClusterAccess } from '../../mesh/access.ts';
import { Istiod } from '../istiod.ts';
import { installFrom, type Istioctl } from '../istioctl.ts';
import { operatorBeside, setFlags } from './revision-operator.ts';
import type { IstioImages } from './operator.ts';
import type { MeshFinder } from '../survey/finder.ts';
import { proxySettings, type ProxySettings } from '../proxy/settings.ts';

/** istioctl's label on everything that belongs to an installation: the namespace of its document. */
const BELONGS_TO = 'install.operator.istio.io/owning-resource-namespace';
/** Less than a check's time limit, so that istioctl reports what does not start before the check is aborted. */
const READY_MS = 60_000;
const CLUSTER_WIDE = [
  ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding'],
  ['admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration'],
  ['admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration'],
] as const;

/** What a revision needs in addition to the API server. */
export interface RevisionMeans {
  access: ClusterAccess;
  finder: MeshFinder;
  tool: () => Promise<Istioctl>;
}

/**
 * Additional revisions of Istio next to the existing control plane, installed from the same images by istioctl, each from an IstioOperator
 * document.
 */
export class IstioRevisions implements MeshRevisions {
  readonly #api: KubernetesApi;
  readonly #means: RevisionMeans;
  readonly #istiods = new Map<string, Istiod>();

  constructor(api: KubernetesApi, means: RevisionMeans) {
    this.#api = api;
    this.#means = means;
  }

  async install(object: Manifest, owner: string): Promise<void> {
    const namespace = namespaceOf(object);
    const [images, tool, home] = await Promise.all([
      this.#images(),
      this.#means.tool(),
      this.#api.createNamespace(namespace, { labels: { [OWNER_LABEL]: owner } }),
    ]);
    await installFrom(tool, operatorBeside(object, images), { flags: setFlags(object), readyMs: READY_MS });
    if (home !== undefined) await this.#bind(home);
    this.#istiods.set(namespace, new Istiod(this.#means.access, { namespace }));
  }

  /** The control plane of the proxies in a namespace, if a revision is installed there. */
  istiodOf(namespace: string): Istiod | undefined {
    return this.#istiods.get(namespace);
  }

  /**
   * The namespace is removed first: while it is terminating, nothing is created in it, and pods need not wait for those that still call
   * them.
   */
  async uninstall(object: Manifest, owner: string): Promise<void> {
    const namespace = namespaceOf(object);
    const home = await liveOf(this.#api, [{ apiVersion: 'v1', kind: 'Namespace', name: namespace }]);
    for (const live of home) {
      if (isOurs(live, owner)) continue;
      const message = `what was installed in the namespace ${namespace} cannot be uninstalled: ${makerOf(live)}`;
      throw new MeshproofError('NOT_OURS', message, { hint: 'remove the control plane that a check installed there' });
    }
    this.#istiods.delete(namespace);
    await this.#api.remove(home, { wait: false });
    const pods = await this.#api.list<Pod>('v1', 'Pod', { namespace });
    await Promise.all([
      this.#api.remove(pods, { wait: false, gracePeriodSeconds: 1 }),
      this.#clusterWide(namespace).then((objects) => this.#api.remove(objects)),
    ]);
    await this.#api.remove(home);
  }

  made({ metadata }: Manifest): boolean {
    return metadata.labels?.[BELONGS_TO] !== undefined;
  }

  async proxySettings(pod: PodRef): Promise<ProxySettings> {
    return await proxySettings(this.#means.access, pod);
  }

  /** Makes the namespace the owner of the cluster-scoped objects, so that its removal removes everything, even after a killed run. */
  async #bind({ metadata: { name, uid } }: LiveObject): Promise<void> {
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Namespace', name, uid }];
    const objects = await this.#clusterWide(name);
    await Promise.all(objects.map((object) => this.#api.patch(refOf(object), { metadata: { ownerReferences } })));
  }

  async #clusterWide(namespace: string): Promise<LiveObject[]> {
    const labelSelector = `${BELONGS_TO}=${namespace}`;
    const lists = await Promise.all(CLUSTER_WIDE.map(([apiVersion, kind]) => this.#api.list(apiVersion, kind, { labelSelector })));
    return lists.flat();
  }

  /** The images of the existing istiod, and whether its proxies are plain Envoys according to its configuration. */
  async #images(): Promise<IstioImages> {
    const { istiod, plane } = await this.#means.finder.mesh();
    const [pod] = await istiod.pods();
    const container = pod?.spec.containers.find(({ name }) => name === 'discovery');
    const [, hub, tag] = /^(.+)\/pilot:([^:@]+)$/.exec(container?.image ?? '') ?? [];
    if (hub === undefined || tag === undefined) {
      throw new MeshproofError(
        'ISTIOD_UNREADABLE',
        `no istiod in ${plane.namespace} has an image with a hub and a tag: ${container?.image ?? 'none'}`,
      );
    }
    const exchange = container?.env?.find(({ name }) => name === 'PILOT_ENABLE_METADATA_EXCHANGE');
    return { hub, tag, plainEnvoy: exchange?.value === 'false' };
  }
}

function namespaceOf({ kind, metadata }: Manifest): string {
  if (metadata.namespace !== undefined) return metadata.namespace;
  throw new MeshproofError('NAMESPACE_MISSING', `${kind} ${metadata.name} has no namespace to be installed in`);
}
