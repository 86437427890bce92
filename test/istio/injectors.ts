import type { InjectorConfiguration } from '../../clusters/istio/survey/control-planes.ts';

const inNamespace = (key: string, value: string) => [{ key, operator: 'In' as const, values: [value] }];
const notOff = { matchExpressions: [{ key: 'sidecar.istio.io/inject', operator: 'NotIn' as const, values: ['false'] }] };

/** The injector of a revision, or of one of its tags, as Istio installs it. */
export function injector(
  revision: string,
  { tag, namespace = 'istio-system' }: { tag?: string; namespace?: string } = {},
): InjectorConfiguration {
  const name = tag ?? revision;
  const service = { namespace };
  const by = (key: string, value: string, but: string) => ({
    clientConfig: { service },
    namespaceSelector: { matchExpressions: [...inNamespace(key, value), { key: but, operator: 'DoesNotExist' as const }] },
    objectSelector: notOff,
  });
  return {
    metadata: {
      name: `istio-sidecar-injector-${name}`,
      labels: { 'istio.io/rev': revision, ...(tag === undefined ? {} : { 'istio.io/tag': tag }) },
    },
    webhooks: [
      by('istio.io/rev', name, 'istio-injection'),
      {
        clientConfig: { service },
        namespaceSelector: {
          matchExpressions: ['istio.io/rev', 'istio-injection'].map((key) => ({ key, operator: 'DoesNotExist' as const })),
        },
        objectSelector: { matchExpressions: inNamespace('istio.io/rev', name) },
      },
      ...(name === 'default'
        ? [{ clientConfig: { service }, namespaceSelector: { matchLabels: { 'istio-injection': 'enabled' } }, objectSelector: notOff }]
        : []),
    ],
  };
}

/** The injector of an ordinary installation. */
export const usualInjector = (): InjectorConfiguration => injector('default');
