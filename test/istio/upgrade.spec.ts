import { moveIstio, revisionOf } from '../../clusters/istio/upgrade.ts';
import type { Installation, UpgradeWay } from '../../clusters/mesh/upgrade.ts';
import { expect, test } from '../kubernetes/on-stand-in.ts';

const installation = (version: string, place: Installation['place']): Installation => ({
  version,
  place,
  build: { tag: version, extended: false },
});
const [FROM, TO, BACK] = [installation('1.30', 'first'), installation('1.31', 'forward'), installation('1.30', 'back')];

test('Names each installation beside others differently, also if the versions are the same', () => {
  expect([FROM, TO, BACK].map((one) => revisionOf(one, 'in-place'))).toEqual(['default', 'default', 'default']);
  expect([FROM, TO, BACK].map((one) => revisionOf(one, 'revision'))).toEqual(['default', '1-31', '1-30-back']);
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
    commands: [/1-30-back/, /tag set default --revision 1-30-back/, /uninstall --revision 1-31$/].map((part) =>
      expect.stringMatching(part),
    ),
    labels: { 'istio.io/rev': '1-30-back' },
  });
});
