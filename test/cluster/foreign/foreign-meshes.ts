import type { Manifest } from '../../../clusters/kubernetes/manifest.ts';

/** A mesh that others have installed and hardened. */
export interface ForeignMesh {
  name: string;
  /** istioctl's arguments for `--set`, for each control plane. */
  controlPlanes: readonly (readonly string[])[];
  /** Its namespace; default istioctl's own. */
  namespace?: string;
  /** Namespaces that must exist before. */
  namespaces?: readonly string[];
  /** Configuration for all namespaces. */
  objects: readonly Manifest[];
  /** The revision that the run is told to use; default none. */
  revision?: string;
  /** How many checks must pass. */
  atLeast: number;
}

/** Istio's default namespace. */
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
