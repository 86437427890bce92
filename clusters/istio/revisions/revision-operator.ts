import type { Manifest } from '../../kubernetes/manifest.ts';
import { isObject, mergePatch } from '../../kubernetes/merge-patch.ts';
import { EXPORT_TO } from '../reach.ts';
import { SMALL, istioOperator, type IstioImages } from './operator.ts';

/** An annotation of an IstioOperator document with arguments for `--set`: `path=value`, separated by line breaks or spaces. */
const SET = 'meshproof.dev/set';

const HERE_ONLY = { [EXPORT_TO]: '.' };
const GATEWAYS = ['istio-ingressgateway', 'istio-egressgateway'];

/** The `--set` flags that the document requests. */
export function setFlags({ metadata }: Manifest): string[] {
  const settings = (metadata.annotations?.[SET] ?? '').split(/\s+/).filter((setting) => setting !== '');
  return settings.flatMap((setting) => ['--set', setting]);
}

/**
 * The document for istioctl: its own settings, over those that an installation needs to coexist with another one. Its namespace is also the
 * name of its revision. Its istiod watches only that namespace, so it writes to no other, and its trust bundle has another name, because
 * the existing istiod writes the usual one to every namespace. The CRDs exist already, so the revision neither changes nor removes them.
 * Its Services are not exported to the proxies of the existing mesh.
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
        // meshproof's value is a default of the harness, while here the profile decides.
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
          // Gateway classes are cluster-scoped and have one owner.
          env: { PILOT_ENABLE_GATEWAY_API_GATEWAYCLASS_CONTROLLER: 'false', PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER: 'false' },
        },
      },
    },
  };
  const merged = [apart, { spec: document['spec'] ?? {} }].reduce<unknown>(mergePatch, istioOperator({ images }));
  return isObject(merged) ? merged : {};
}
