import { exec } from '../../../clusters/exec.ts';
import { ISTIO_HUB } from '../../../clusters/istio/images.ts';
import { istioVersion } from '../../../clusters/istio/versions.ts';
import type { KubernetesApi } from '../../../clusters/kubernetes/api.ts';
import type { Manifest } from '../../../clusters/kubernetes/manifest.ts';
import { createAsOwner } from '../guest.ts';

/** A mesh as somebody else has installed and hardened it. */
export interface ForeignMesh {
  name: string;
  /** What istioctl is told by `--set`, once for each control plane. */
  controlPlanes: readonly (readonly string[])[];
  /** Where it goes; default where istioctl puts it. */
  namespace?: string;
  /** Namespaces that are there before. */
  namespaces?: readonly string[];
  /** Configuration for all namespaces. */
  objects: readonly Manifest[];
  /** Which control plane the run is told to use; default none. */
  revision?: string;
  /** How many checks must pass. */
  atLeast: number;
}

/** Which images are on the nodes, that their Envoy is a plain one, and that the machine is small. */
const HERE = [
  'profile=minimal',
  'values.pilot.resources.requests.cpu=10m',
  'values.pilot.resources.requests.memory=128Mi',
  'values.pilot.autoscaleEnabled=false',
  'values.global.proxy.resources.requests.cpu=10m',
  'values.global.proxy.resources.requests.memory=40Mi',
  `hub=${ISTIO_HUB}`,
  `tag=${istioVersion().tag}`,
  'values.global.imagePullPolicy=IfNotPresent',
  'values.telemetry.enabled=false',
  'values.pilot.env.PILOT_ENABLE_ALPN_FILTER=false',
  'values.pilot.env.PILOT_ENABLE_METADATA_EXCHANGE=false',
];

/** Istio's usual namespace, where nothing else is said. */
const USUAL = 'istio-system';

const inRoot = (apiVersion: string, kind: string, spec: object, namespace = USUAL): Manifest => ({
  apiVersion,
  kind,
  metadata: { name: 'default', namespace },
  spec,
});
const SECURITY = 'security.istio.io/v1';
const LOGGED = 'meshConfig.accessLogFile=/dev/stdout';
const LISTED = 'meshConfig.outboundTrafficPolicy.mode=REGISTRY_ONLY';

export const FOREIGN_MESHES: readonly ForeignMesh[] = [
  {
    name: 'hardened',
    controlPlanes: [['revision=stable-1', 'meshConfig.trustDomain=corp.example', LISTED, LOGGED]],
    objects: [inRoot(SECURITY, 'PeerAuthentication', { mtls: { mode: 'STRICT' } })],
    atLeast: 55,
  },
  {
    name: 'elsewhere',
    namespace: 'mesh-system',
    namespaces: ['mesh-config'],
    controlPlanes: [['values.global.istioNamespace=mesh-system', 'meshConfig.rootNamespace=mesh-config']],
    objects: [inRoot(SECURITY, 'PeerAuthentication', { mtls: { mode: 'STRICT' } }, 'mesh-config')],
    atLeast: 55,
  },
  {
    name: 'two-revisions',
    controlPlanes: [['revision=old'], ['revision=new']],
    revision: 'new',
    objects: [],
    atLeast: 55,
  },
  {
    name: 'closed',
    controlPlanes: [[LOGGED, 'meshConfig.accessLogEncoding=JSON', 'meshConfig.pathNormalization.normalization=MERGE_SLASHES']],
    objects: [
      inRoot(SECURITY, 'AuthorizationPolicy', {}),
      inRoot('networking.istio.io/v1', 'Sidecar', {
        egress: [{ hosts: ['./*', `${USUAL}/*`] }],
        outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' },
      }),
    ],
    atLeast: 40,
  },
];

/** Where a mesh is installed, and by what. */
export interface Installer {
  istioctl: string;
  kubeconfig: string;
  context: string;
  owner: KubernetesApi;
}

/** Installs a mesh as its owner would. */
export async function installForeign({ istioctl, kubeconfig, context, owner }: Installer, foreign: ForeignMesh): Promise<void> {
  const { controlPlanes, namespace, namespaces = [], objects } = foreign;
  const place = ['--kubeconfig', kubeconfig, '--context', context, ...(namespace === undefined ? [] : ['--istioNamespace', namespace])];
  await createAsOwner(
    owner,
    namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
  );
  for (const settings of controlPlanes) {
    const sets = [...HERE, ...settings].flatMap((setting) => ['--set', setting]);
    await exec(istioctl, ['install', '--skip-confirmation', ...sets, ...place]);
  }
  await createAsOwner(owner, objects);
}

/** Takes it away, with what it has for all namespaces. */
export async function uninstallForeign({ istioctl, kubeconfig, context, owner }: Installer, foreign: ForeignMesh): Promise<void> {
  await exec(istioctl, ['uninstall', '--purge', '--skip-confirmation', '--kubeconfig', kubeconfig, '--context', context]);
  const names = [foreign.namespace ?? USUAL, ...(foreign.namespaces ?? [])];
  const found = await Promise.all(names.map((name) => owner.find({ apiVersion: 'v1', kind: 'Namespace', name })));
  await owner.remove(
    found.flatMap((live) => (live === undefined ? [] : [{ ...live, apiVersion: 'v1', kind: 'Namespace' }])),
    { timeoutMs: 120_000 },
  );
}
