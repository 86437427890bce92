import { expect, test } from '@playwright/test';

import { FACTS } from '../../clusters/istio/facts.ts';
import { samplesMaySpeak } from '../../clusters/existing/traffic.ts';
import { owned } from '../../clusters/rigs/ownership.ts';
import { OWNER_LABEL, RIG_LABEL, rigObjects } from '../../clusters/rigs/rig.ts';
import { SAMPLES } from './samples.ts';

interface Workload {
  spec: { selector: unknown; template: { metadata: { labels: Record<string, string> } } };
}

test('the pods of what we make carry our labels, and no selector asks for them', () => {
  const made = rigObjects('rig', SAMPLES, FACTS).filter(({ kind }) => kind === 'Deployment');
  expect(made).not.toEqual([]);
  for (const object of made) {
    const [before, after] = [object, owned(object, 'run', 'rig')].map((one) => (one as unknown as Workload).spec);
    expect(after?.template.metadata.labels).toEqual({ ...before?.template.metadata.labels, [OWNER_LABEL]: 'run', [RIG_LABEL]: 'rig' });
    expect(after?.selector).toEqual(before?.selector);
  }
});

test('a spec that only looks like a workload’s is left alone', () => {
  const spec = { template: { metadata: { labels: { app: 'a' } } } };
  const object = { apiVersion: 'example.com/v1', kind: 'Form', metadata: { name: 'a' }, spec };
  expect(owned(object, 'run').spec).toEqual(spec);
});

test('our network policies stand only beside those of others, and select none but our pods', () => {
  const policies = samplesMaySpeak('rig', 'istio-system', new Set(['rig-unmeshed']));
  expect(policies.map(({ metadata }) => metadata.namespace)).toEqual(['rig-unmeshed']);
  expect(policies).toMatchObject([{ spec: { podSelector: { matchExpressions: [{ key: OWNER_LABEL, operator: 'Exists' }] } } }]);
});
