import { expect, test } from '@playwright/test';

import type { History } from '../../fixtures/agent/protocol.ts';
import { matchers } from '../../fixtures/matchers/index.ts';
import { answered, delivery, ENVOY, historyOf, times } from './histories.ts';

const deliveriesOf = ({ outcomes }: History) => outcomes.map(({ id }) => delivery(id));
const { toDeliverAtMostOnce, toGiveLess } = matchers;

test('Accepts either outcome of a request that failed for its caller', () => {
  const history = historyOf([...times(10, answered('v1')), ...times(4, ENVOY.timeOut)]);
  const delivered = deliveriesOf(history);
  for (const ledger of [delivered, delivered.slice(0, 12), delivered.slice(0, 10)]) {
    expect(toDeliverAtMostOnce(ledger, history)).toMatchObject({ pass: true });
  }
});

test('Rejects a second delivery, and a success of a request that never arrived', () => {
  const history = historyOf([...times(10, answered('v1')), ...times(4, ENVOY.timeOut)]);
  const delivered = deliveriesOf(history);
  expect(toDeliverAtMostOnce([...delivered, ...delivered.slice(12)], history).against).toEqual([{ kind: 'delivered again', count: 2 }]);
  expect(toDeliverAtMostOnce(delivered.slice(3), history).against).toEqual([{ kind: 'acknowledged, never delivered', count: 3 }]);
});

test('Makes no judgement if no response was lost', () => {
  const history = historyOf([...times(10, answered('v1')), ENVOY.timeOut]);
  const delivered = deliveriesOf(history);
  const mute = { pod: 'server-v1' };
  expect(toDeliverAtMostOnce(delivered, history, { mute }).pass).toBe(true);
  expect(toDeliverAtMostOnce(delivered.slice(0, 10), history, { mute }).inconclusive).toBe(
    'server-v1 got no request that it did not answer',
  );
  // Another pod answered a request that the mute one had received first.
  const elsewhere = historyOf(times(10, answered('v2')));
  expect(toDeliverAtMostOnce(deliveriesOf(elsewhere), elsewhere, { mute }).pass).toBe(true);
});

test('Proves that an endpoint receives less than an equal share', () => {
  const pods = ['server-v1', 'server-v2', 'server-v3'];
  const of = pods.map((pod) => ({ pod }));
  const given = (slow: number, n: number) => {
    const history = historyOf(times(n, answered('v1')));
    const ledger = deliveriesOf(history).map((entry, at) => ({
      ...entry,
      pod: at < slow ? 'server-v2' : (pods[at % 2 === 0 ? 0 : 2] ?? ''),
    }));
    return toGiveLess(ledger, { pod: 'server-v2' }, { of, history });
  };
  expect(given(60, 400)).toMatchObject({ pass: true, statistics: [{ n: 400, observed: 0.15 }] });
  expect(given(110, 400)).toMatchObject({ pass: false, against: [{ kind: 'an equal share', count: 110 }] });
  expect(given(0, 30).inconclusive).toContain('too few deliveries: 30');
});
