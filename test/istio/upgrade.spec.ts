import { moveIstio, revisionOf, runningUnder } from '../../clusters/istio/upgrade.ts';
import type { Installation, UpgradeWay } from '../../clusters/mesh/upgrade.ts';
import { expect, test } from '../kubernetes/on-stand-in.ts';

const installation = (version: string, place: Installation['place']): Installation => ({
  version,
  place,
  build: { tag: version, extended: false },
});
const [FROM, TO, BACK] = [installation('1.30', 'first'), installation('1.31', 'forward'), installation('1.30', 'rollback')];

test('Names each installation beside others differently, also if the versions are the same', () => {
  expect([FROM, TO, BACK].map((one) => revisionOf(one, 'in-place'))).toEqual(['default', 'default', 'default']);
  expect([FROM, TO, BACK].map((one) => revisionOf(one, 'revision'))).toEqual(['default', '1-31', '1-30-rollback']);
});

test('Installs over the control plane in place, and beside it by revision, which is made the default before the old one is removed', ({
  api,
}) => {
  const move = (way: UpgradeWay, from: Installation, to: Installation) => {
    const { before, labels, after } = moveIstio({ kubeconfig: 'k', context: 'c' }, api, way, { from, to });
    return { commands: [...before, ...after].map(({ command }) => command.replace(/ +#.*/, '')), labels };
  };
  expect(move('in-place', FROM, TO)).toEqual({ commands: ['istioctl install -f operator.yaml'], labels: {} });
  expect(move('revision', FROM, TO)).toEqual({
    commands: [
      'istioctl install -f operator.yaml --set revision=1-31',
      'istioctl tag set default --revision 1-31 --overwrite',
      'istioctl uninstall --revision default',
    ],
    labels: { 'istio-injection': null, 'istio.io/rev': '1-31' },
  });
  expect(move('revision', TO, BACK)).toMatchObject({
    commands: [/1-30-rollback/, /tag set default --revision 1-30-rollback/, /uninstall --revision 1-31$/].map((part) =>
      expect.stringMatching(part),
    ),
    labels: { 'istio.io/rev': '1-30-rollback' },
  });
});

test('Counts proxies that are connected to no control plane by the tags of their images', () => {
  const pod = (name: string, tag: string, phase = 'Running') => ({
    metadata: { name, namespace: 'shop', uid: name },
    spec: { containers: [{ name: 'istio-proxy', image: `registry.example:5000/istio/proxyv2:${tag}` }] },
    status: { phase },
  });
  const planes = [{ revision: '1-31', versions: ['1.31'], connected: [{ proxy: 'a.shop', version: '1.31' }] }];
  const pods = [pod('a', '1.31'), pod('b', '1.30'), pod('c', '1.30', 'Succeeded')];
  expect(runningUnder(planes, pods)).toEqual([
    { name: '1-31', controlPlane: ['1.31'], proxies: new Map([['1.31', 1]]) },
    { name: 'connected to none of them', controlPlane: [], proxies: new Map([['1.30', 1]]) },
  ]);
  expect(runningUnder(planes, pods.slice(0, 1))).toHaveLength(1);
});
