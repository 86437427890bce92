import { spawnSync } from 'node:child_process';

import { until } from '../../clusters/until.ts';
import { expect, startAgent, test } from './agents.ts';

/** Stops a process for a while, like a machine without a free CPU. */
function stopFor(pid: number | undefined, ms: number): void {
  process.kill(pid ?? 0, 'SIGSTOP');
  spawnSync('sleep', [String(ms / 1_000)]);
  process.kill(pid ?? 0, 'SIGCONT');
}

test('Reports once for how long the agent was stopped', async () => {
  await using agent = await startAgent('server-pod', 'v1');
  await agent.client.pace();
  stopFor(agent.process.pid, 500);
  expect((await agent.client.pace()).stalledMs).toBeGreaterThan(350);
  const { forMs, waitedMs, throttledMs } = await agent.client.pace();
  expect(forMs).toBeGreaterThan(0);
  for (const measured of [waitedMs, throttledMs]) expect(measured ?? 0).toBeGreaterThanOrEqual(0);
});

test('Records in a closed-loop history for how long its prober stalled', async ({ server }) => {
  await using prober = await startAgent('prober-pod', '');
  await server.client.setFaults([{ delayMs: 1_000 }]);
  const running = prober.client.probe({ target: server.target('http1'), count: 2 });
  await until(async () => (await server.client.state()).inFlight > 0, { what: 'a request in progress', timeoutMs: 5_000, everyMs: 20 });
  stopFor(prober.process.pid, 400);
  expect((await running).stalledMs).toBeGreaterThan(300);
});
