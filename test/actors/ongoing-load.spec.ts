import { OngoingLoad } from '../../fixtures/actors/ongoing-load.ts';
import { longestGap } from '../../fixtures/evidence/between.ts';
import { expect, startAgent, test } from '../agent/agents.ts';

test('Leaves no gap while the process of the runner is blocked, and includes everything that was sent', async ({
  prober,
  server,
  mark,
}) => {
  const load = new OngoingLoad(prober.client, { target: server.target('http1'), rate: 100 });
  const history = await load.during(async () => {
    await load.more(0.2);
    const until = performance.now() + 900;
    while (performance.now() < until);
    await load.more(0.2);
  });
  const { entries } = await server.client.ledger(mark);
  expect(history.outcomes.length).toBeGreaterThan(100);
  expect(longestGap(history)).toBeLessThan(500);
  expect(entries.map(({ id }) => id).toSorted()).toEqual(history.outcomes.map(({ id }) => id).toSorted());
  expect(history.order.count).toBe(history.outcomes.length);
  expect(history.outcomes.every(({ dueMs, sentMs, answeredMs }) => dueMs <= sentMs && sentMs <= answeredMs)).toBe(true);
});

test('Waits until an endpoint answers what was sent after a time, whatever it receives before', async ({ prober, server }) => {
  const load = new OngoingLoad(prober.client, { target: server.target('http1'), rate: 20 });
  await server.client.setFaults([{ delayMs: 600 }]);
  let since = 0;
  const history = await load.during(async () => {
    await load.more(0.2);
    since = await load.now();
    await load.untilAnsweredBy({ pod: 'server-pod' }, { since, count: 3, withinMs: 20_000 });
  });
  const ownClock = Date.now();
  expect(ownClock - since, 'not before one of them can be answered').toBeGreaterThanOrEqual(600);
  const later = history.outcomes.filter(({ dueMs }) => history.startedAt + dueMs >= since);
  expect(later.length).toBeGreaterThanOrEqual(3);
});

test('Gives up on an endpoint that answers nothing', async ({ prober, server }) => {
  const load = new OngoingLoad(prober.client, { target: server.target('http1'), rate: 20 });
  const began = performance.now();
  await load.during(() => load.untilAnsweredBy({ pod: 'another' }, { since: 0, withinMs: 300 }));
  expect(performance.now() - began).toBeGreaterThanOrEqual(300);
});

test('Ends the load when the work fails, and fails itself when the pod loses outcomes', async ({ server }) => {
  await using prober = await startAgent('prober-pod', '');
  const loadOf = () => new OngoingLoad(prober.client, { target: server.target('http1'), rate: 50 });
  await expect(loadOf().during(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  let before = -1;
  const isOver = async () => before === (before = (await server.client.mark()).next);
  await expect.poll(isOver, { intervals: [200] }).toBe(true);
  const load = loadOf();
  const ending = load.during(async () => {
    prober.process.kill('SIGKILL');
    await load.more(30);
  });
  await expect(ending).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
});
