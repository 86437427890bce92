import type { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import type { Pod } from '../../clusters/kubernetes/pods.ts';
import { until } from '../../clusters/until.ts';
import type { RequestClass } from '../../fixtures/watch/classes.ts';
import type { Sample } from '../../fixtures/watch/tally.ts';
import { Traffic } from '../../fixtures/watch/traffic.ts';
import { expect, startAgent, test, type RunningAgent } from '../agent/agents.ts';
import { KEPT, pod, Way } from './way.ts';

interface Watched {
  way: Way;
  told: Sample[];
  traffic: Traffic;
}

/** Requests to a server at 100 per second, with the samples reported so far. */
function toServer(server: RunningAgent): Watched {
  const way = new Way();
  const told: Sample[] = [];
  const orderOf = ({ name }: RequestClass) => ({ name, order: { target: server.target('http1'), rate: 100 } });
  const traffic = new Traffic(way as unknown as KubernetesApi, {
    classes: [KEPT],
    orderOf,
    tell: (_, sample) => void told.push(sample),
    lose: (actor) => expect(actor).toBe('none'),
  });
  return { way, told, traffic };
}

/** Keeps these pods sending, and reads their outcomes until there are this many samples. */
async function untilTold({ traffic, told }: Watched, pods: readonly Pod[], count: number): Promise<void> {
  const enough = async (): Promise<boolean> => {
    await traffic.keep(pods);
    await traffic.read();
    return told.length >= count;
  };
  await until(enough, { what: `${count} samples`, timeoutMs: 30_000, everyMs: 20 });
}

/** The longest time between two samples, in milliseconds. */
function longestGap(told: readonly Sample[]): number {
  const times = told.map(({ at }) => at).toSorted((a, b) => a - b);
  return Math.max(...times.map((at, index) => at - (times[index - 1] ?? at)));
}

test('Makes ready pods send their classes, and reads each outcome once, by the clock of this machine', async ({ server }) => {
  await using caller = await startAgent('caller', '');
  const watched = toServer(server);
  watched.way.agents.set('caller-a', caller);
  const began = Date.now();
  const others = [pod('2', 'going', { deletionTimestamp: 'now' }), pod('3', 'other', { labels: { 'meshproof.dev/actor': 'mirror' } })];
  await untilTold(watched, [pod('1', 'caller-a'), ...others], 100);
  expect(new Set(watched.told.map(({ at }) => at)).size).toBe(watched.told.length);
  expect(watched.told.every(({ result, at }) => result !== 'bad' && at > began - 500 && at < Date.now() + 500)).toBe(true);
  watched.traffic.disconnect();
});

test('Loses nothing while the pods cannot be reached', async ({ server }) => {
  await using caller = await startAgent('caller', '');
  const watched = toServer(server);
  watched.way.agents.set('caller-a', caller);
  const pods = [pod('1', 'caller-a')];
  await untilTold(watched, pods, 10);
  const { length } = watched.told;
  watched.way.cut();
  const since = Date.now();
  const isLong = async (): Promise<boolean> => {
    await watched.traffic.read();
    return Date.now() - since > 1_000;
  };
  await until(isLong, { what: 'a second without connections', timeoutMs: 10_000, everyMs: 50 });
  expect(watched.told).toHaveLength(length);
  watched.way.isCut = false;
  await untilTold(watched, pods, length + 90);
  expect(longestGap(watched.told)).toBeLessThan(500);
  watched.traffic.disconnect();
});

for (const [what, uid, name] of [
  ['is replaced', '2', 'caller-b'],
  ['restarts its container', '1', 'caller-a'],
] as const) {
  test(`Sends the order again when a pod ${what}`, async ({ server }) => {
    const watched = toServer(server);
    await using first = await startAgent('caller', '');
    watched.way.agents.set('caller-a', first);
    await untilTold(watched, [pod('1', 'caller-a')], 10);
    await using second = await startAgent('caller', '');
    watched.way.agents.set(name, second);
    watched.way.cut();
    watched.way.isCut = false;
    await untilTold(watched, [pod(uid, name)], watched.told.length + 50);
    watched.traffic.disconnect();
  });
}

test('Stops sending at the end, and reads the requests in flight until none is left', async ({ server }) => {
  await using caller = await startAgent('caller', '');
  const watched = toServer(server);
  watched.way.agents.set('caller-a', caller);
  await server.client.setFaults([{ delayMs: 300 }]);
  await untilTold(watched, [pod('1', 'caller-a')], 10);
  await until(() => watched.traffic.end(), { what: 'the end', timeoutMs: 20_000, everyMs: 20 });
  const { length } = watched.told;
  const { next } = await server.client.mark();
  expect(watched.told.every(({ result }) => result !== 'bad')).toBe(true);
  expect((await caller.client.standing()).underWay).toBe(0);
  await watched.traffic.read();
  expect(watched.told).toHaveLength(length);
  expect((await server.client.mark()).next).toBe(next);
  watched.traffic.disconnect();
});
