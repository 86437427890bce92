import type { Manifest } from '../../kubernetes/manifest.ts';
import { isObject, mergePatch } from '../../kubernetes/merge-patch.ts';
import { EXPORT_TO } from '../reach.ts';
import { SMALL, istioOperator, type IstioImages } from './operator.ts';

/** An annotation of an IstioOperator document: what istioctl is told by `--set`, one `path=value` a line or after a blank. */
const SET = 'meshproof.dev/set';

const HERE_ONLY = { [EXPORT_TO]: '.' };
const GATEWAYS = ['istio-ingressgateway', 'istio-egressgateway'];

/** The `--set` flags that the document asks for. */
export function setFlags({ metadata }: Manifest): string[] {
  const settings = (metadata.annotations?.[SET] ?? '').split(/\s+/).filter((setting) => setting !== '');
  return settings.flatMap((setting) => ['--set', setting]);
}

/**
 * The document as istioctl gets it: what it says, over what an installation needs to stand beside another one. Its namespace is the name of
 * its revision too. Its istiod sees that namespace alone, so it writes into no other, and its trust bundle has a name of its own because the
 * istiod that is there writes the usual one into every namespace. The CRDs are there already, so they are not its to change or to remove.
 * The mesh that is there tells none of its proxies of the Services.
 */
export function operatorBeside(document: Manifest, images: IstioImages): Record<string, unknown> {
  const { name, namespace } = document.metadata;
  const apart = {
    metadata: { name, namespace },
    spec: {
      profile: 'default',
      revision: namespace,
      components: { base: { enabled: false } },
      meshConfig: {
        // Ours is a default of the harness, while here the profile decides.
        accessLogFile: null,
        discoverySelectors: [{ matchLabels: { 'kubernetes.io/metadata.name': namespace } }],
        defaultConfig: { terminationDrainDuration: '1s' },
      },
      values: {
        global: { istioNamespace: namespace, trustBundleName: `istio-ca-${name}` },
        gateways: Object.fromEntries(GATEWAYS.map((gateway) => [gateway, { resources: SMALL, serviceAnnotations: HERE_ONLY }])),
        pilot: {
          autoscaleEnabled: null,
          serviceAnnotations: HERE_ONLY,
          // Gateway classes are cluster-wide and have one owner.
          env: { PILOT_ENABLE_GATEWAY_API_GATEWAYCLASS_CONTROLLER: 'false', PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER: 'false' },
        },
      },
    },
  };
  const merged = [apart, { spec: document['spec'] ?? {} }].reduce<unknown>(mergePatch, istioOperator({ images }));
  return isObject(merged) ? merged : {};
}
