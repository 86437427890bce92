import { expect, test } from '@playwright/test';

import { FACTS } from '../../clusters/istio/facts.ts';
import { sampleNetworkPolicies } from '../../clusters/existing/traffic.ts';
import { owned } from '../../clusters/rigs/ownership.ts';
import { OWNER_LABEL, RIG_LABEL, rigObjects } from '../../clusters/rigs/rig.ts';
import { SAMPLES } from './samples.ts';

interface Workload {
  spec: { selector: unknown; template: { metadata: { labels: Record<string, string> } } };
}

test('Labels the pods of its workloads, without selecting by those labels', () => {
  const made = rigObjects('rig', SAMPLES, FACTS).filter(({ kind }) => kind === 'Deployment');
  expect(made).not.toEqual([]);
  for (const object of made) {
    const [before, after] = [object, owned(object, 'run', 'rig')].map((one) => (one as unknown as Workload).spec);
    expect(after?.template.metadata.labels).toEqual({ ...before?.template.metadata.labels, [OWNER_LABEL]: 'run', [RIG_LABEL]: 'rig' });
    expect(after?.selector).toEqual(before?.selector);
  }
});

test("Leaves a spec alone that only resembles a workload's", () => {
  const spec = { template: { metadata: { labels: { app: 'a' } } } };
  const object = { apiVersion: 'example.com/v1', kind: 'Form', metadata: { name: 'a' }, spec };
  expect(owned(object, 'run').spec).toEqual(spec);
});

test('Creates network policies only where others exist, and selects only its own pods', () => {
  const policies = sampleNetworkPolicies('rig', 'istio-system', new Set(['rig-unmeshed']));
  expect(policies.map(({ metadata }) => metadata.namespace)).toEqual(['rig-unmeshed']);
  expect(policies).toMatchObject([{ spec: { podSelector: { matchExpressions: [{ key: OWNER_LABEL, operator: 'Exists' }] } } }]);
});
