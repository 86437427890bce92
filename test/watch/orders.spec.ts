import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

import { expect, test } from '@playwright/test';

import type { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { until } from '../../clusters/until.ts';
import { Traffic } from '../../fixtures/watch/traffic.ts';
import { KEPT, pod, Way } from './way.ts';

/** In place of an agent: it records its orders. Its answers can be held back or lost. */
class StandIn implements AsyncDisposable {
  /** How many standing orders each request has set. */
  readonly set: number[] = [];
  /** The number of outcomes that it says were overwritten before a reading. */
  dropped = 0;
  losesAnswers = false;
  /** The method whose requests wait for `release`, and how many do. */
  holds: string | undefined;
  readonly #waiting: (() => void)[] = [];
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));

  async listen(): Promise<number> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  release(): void {
    this.holds = undefined;
    for (const go of this.#waiting.splice(0)) go();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'PUT') this.set.push(((await json(request)) as unknown[]).length);
    if (request.method === this.holds) await new Promise<void>((go) => this.#waiting.push(go));
    if (this.losesAnswers) return void request.socket.destroy();
    const page = { entries: [], next: 0, more: false, dropped: this.dropped };
    response.end(JSON.stringify(request.method === 'GET' ? { pod: '', process: 'a', now: Date.now(), underWay: 0, page } : {}));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

interface Ordered {
  traffic: Traffic;
  lost: [string, number][];
}

async function trafficOf(agent: StandIn): Promise<Ordered> {
  const way = new Way();
  way.agents.set('caller-a', { ports: { control: await agent.listen() } });
  const lost: Ordered['lost'] = [];
  const traffic = new Traffic(way as unknown as KubernetesApi, {
    classes: [KEPT],
    orderOf: ({ name }) => ({ name, order: { target: 'server:80', rate: 1 } }),
    tell: () => undefined,
    lose: (actor, outcomes) => void lost.push([actor, outcomes]),
  });
  return { traffic, lost };
}

const PODS = [pod('1', 'caller-a')];
const untilWaiting = (agent: StandIn): Promise<unknown> =>
  until(() => agent.waiting === 1, { what: 'a request to wait', timeoutMs: 10_000, everyMs: 5 });

/** Sends an order that reaches the agent, whose answers are lost from then on. */
async function orderUnanswered(agent: StandIn, traffic: Traffic): Promise<void> {
  agent.holds = 'PUT';
  const keeping = traffic.keep(PODS);
  await untilWaiting(agent);
  agent.losesAnswers = true;
  agent.release();
  await keeping;
}

test('Ends an order whose answer was lost', async () => {
  await using agent = new StandIn();
  const { traffic } = await trafficOf(agent);
  await orderUnanswered(agent, traffic);
  expect(await traffic.end(), 'it cannot be reached').toBe(false);
  agent.losesAnswers = false;
  agent.set.splice(0);
  expect(await traffic.end()).toBe(true);
  expect(agent.set).toEqual([0]);
  traffic.disconnect();
});

test('Repeats an order whose answer was lost while the watch lasts', async () => {
  await using agent = new StandIn();
  const { traffic } = await trafficOf(agent);
  await orderUnanswered(agent, traffic);
  agent.losesAnswers = false;
  await traffic.keep(PODS);
  await traffic.keep(PODS);
  expect(agent.set).toEqual([1, 1]);
  traffic.disconnect();
});

test('Has not ended while an order is under way, and ends that order then', async () => {
  await using agent = new StandIn();
  const { traffic } = await trafficOf(agent);
  agent.holds = 'PUT';
  const keeping = traffic.keep(PODS);
  await untilWaiting(agent);
  expect(await traffic.end()).toBe(false);
  agent.release();
  await keeping;
  expect(await traffic.end()).toBe(true);
  expect(agent.set).toEqual([1, 0]);
  traffic.disconnect();
});

for (const [what, stop] of [
  ['has ended', async (traffic: Traffic) => void (await traffic.end())],
  ['was disconnected', async (traffic: Traffic) => traffic.disconnect()],
] as const) {
  test(`Orders nothing once it ${what}`, async () => {
    await using agent = new StandIn();
    const { traffic } = await trafficOf(agent);
    agent.holds = 'GET';
    const keeping = traffic.keep(PODS);
    await untilWaiting(agent);
    await stop(traffic);
    agent.release();
    await keeping;
    await traffic.keep([...PODS, pod('2', 'caller-a')]);
    expect(agent.set).toEqual([]);
    traffic.disconnect();
  });
}

test('Reports how many outcomes an agent has overwritten, but not those of an earlier watch', async () => {
  await using agent = new StandIn();
  const { traffic, lost } = await trafficOf(agent);
  agent.dropped = 3;
  await traffic.keep(PODS);
  expect(lost).toEqual([]);
  agent.dropped = 7;
  await traffic.read();
  agent.dropped = 0;
  await traffic.read();
  expect(lost).toEqual([['caller', 7]]);
  traffic.disconnect();
});
