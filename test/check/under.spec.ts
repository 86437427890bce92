import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect as base, test as plain } from '@playwright/test';

import { MeshproofError } from '../../clusters/errors.ts';
import type { MeshAdapter } from '../../clusters/mesh/adapter.ts';
import { Prober, target } from '../../fixtures/actors/prober.ts';
import { WorkloadProxy } from '../../fixtures/actors/workload-proxy.ts';
import type { AgentClient } from '../../fixtures/agent/client.ts';
import type { Ending, History } from '../../fixtures/agent/protocol.ts';
import type { Details, Policy } from '../../fixtures/check/definition.ts';
import { examine } from '../../fixtures/check/examine.ts';
import { checkOnRig } from '../../fixtures/check/manifests.ts';
import { isMeshWide, unfitUnder } from '../../fixtures/check/under.ts';
import type { CheckFiles } from '../../fixtures/contract/catalogue.ts';
import { UNDER_NAMES, type Under } from '../../fixtures/contract/under.ts';
import { verdictOf } from '../../fixtures/contract/verdict.ts';
import { requireNoFault, withoutLost } from '../../fixtures/evidence/dependency.ts';
import { Record, recording } from '../../fixtures/evidence/record.ts';
import { glue } from '../../fixtures/expect.ts';
import type { Judgement } from '../../fixtures/matchers/index.ts';
import type { Actors } from '../../fixtures/rig/actors.ts';
import { serviceAddresses } from '../../fixtures/rig/addresses.ts';
import type { Rig } from '../../fixtures/rig/rig.ts';
import { StandInRig } from './stand-in-rig.ts';

const toBeMeshed = (caller: unknown): Judgement<string> => ({
  pass: caller === 'caller',
  expected: 'the caller is meshed',
  observed: String(caller),
  confidence: 'exact',
  against: [{ kind: 'not meshed', count: 1 }],
});
const expect = base.extend(glue({ toBeMeshed }));

const DOWN = 'control-plane-down';
const PLACE: CheckFiles = {
  id: 's/a',
  suite: 's',
  stem: 'a',
  spec: 's/a.spec.ts',
  manifest: undefined,
  control: undefined,
  change: undefined,
};
const own: Partial<globalThis.Record<string, unknown>> = { toBeMeshed: 'not meshed' };
const DETAILS: Details = { control: { because: 'the caller has no proxy', mustFail: own, swap: { caller: 'unmeshedCaller' } } };

const test = plain.extend<{ standIn: StandInRig }>({
  standIn: async ({}, use) => {
    const report = await mkdtemp(join(tmpdir(), 'meshproof-under-'));
    process.env['MESHPROOF_REPORT'] = report;
    await use(new StandInRig());
    delete process.env['MESHPROOF_REPORT'];
    await rm(report, { recursive: true });
  },
});

async function run({ rig }: StandInRig, under: Under | undefined, body: (actors: Actors, policy: Policy) => Promise<void>) {
  const subject = {
    ...checkOnRig({ place: PLACE, details: DETAILS, rig }),
    body,
    withControl: true,
    under,
    limitMs: 90_000,
    patienceMs: 0,
  };
  const { result, error } = await examine({ ...subject, info: plain.info() });
  return { ...result, ...verdictOf(result.facts), error };
}

test('Runs the body and its control while the fault lasts, once the rig is ready', async ({ standIn }) => {
  const done = await run(standIn, DOWN, async ({ caller }) => {
    standIn.log.push('body');
    expect(caller).toBeMeshed();
  });
  base(done).toMatchObject({ verdict: 'PASS', control: 'red', error: undefined });
  const once = 'reset, control plane down, body, control plane up';
  base(standIn.log.join(', ')).toBe(`${once}, ${once}, revert faults, reset`);
});

test('Breaks nothing without a fault', async ({ standIn }) => {
  const { verdict } = await run(standIn, undefined, async ({ caller }) => expect(caller).toBeMeshed());
  base(verdict).toBe('PASS');
  base(standIn.log.join(', ')).toBe('reset, reset, revert faults, reset');
});

test('Fails a check whose promise is broken only under the fault', async ({ standIn }) => {
  let runs = 0;
  const { verdict } = await run(standIn, DOWN, async () => expect(runs++ === 0 ? 'unmeshedCaller' : 'nobody').toBeMeshed());
  base(verdict).toBe('FAIL');
});

test('Makes no judgement under a fault without effect', async ({ standIn }) => {
  standIn.withoutControlPlane = () => Promise.reject(new MeshproofError('FAULT_INEFFECTIVE', 'the fault has no effect'));
  const { verdict, reason } = await run(standIn, DOWN, async ({ caller }) => expect(caller).toBeMeshed());
  base(verdict).toBe('INCONCLUSIVE');
  base(reason).toContain('the fault has no effect');
});

const WITHOUT_CONTROL_PLANE: readonly [string, (policy: Policy) => Promise<unknown>][] = [
  ['changes the configuration', (policy) => policy.change()],
  ['changes the configuration', (policy) => policy.refusal()],
  ['replaces pods', (policy) => policy.restart('server')],
];

test('Treats a body that needs the control plane as unsupported while it is down, not as an error', async ({ standIn }) => {
  for (const [act, needing] of WITHOUT_CONTROL_PLANE) {
    let runs = 0;
    const done = await run(standIn, DOWN, async ({ caller }, policy) => {
      runs += 1;
      await needing(policy);
      expect(caller).toBeMeshed();
    });
    const reason = `its body ${act}, which cannot be judged while the control plane refuses every connection`;
    base(done).toMatchObject({ verdict: 'UNSUPPORTED', reason, control: 'skipped', error: undefined });
    base(runs).toBe(1);
  }
});

test('Judges no time limits under a fault that delays everything, but does so under others', async () => {
  const prober = new Prober('caller', { probe: async () => ({ outcomes: [] }) } as unknown as AgentClient);
  const measured = (under: Under) =>
    recording(new Record(undefined, under), () => prober.beside({ name: 'v1', address: () => 'v1:8080' }, {}, async () => under));
  for (const under of ['slow-network', 'packet-loss', 'proxy-restart', 'node-busy'] as const)
    await base(measured(under)).rejects.toThrow(/measures time limits/);
  base(await measured(DOWN)).toMatchObject([DOWN, { outcomes: [] }]);
});

test("Knows the addresses of the rig's Services while DNS is down, and treats other names as unsupported", async () => {
  const orders: unknown[] = [];
  const agent = {
    probe: async (order: { target: string; address?: string }) => {
      orders.push(order);
      return { order, outcomes: [{ ending: { kind: order.address ? 'response' : 'dns' } }] };
    },
  };
  const prober = new Prober('caller', agent as unknown as AgentClient);
  const record = new Record(undefined, 'dns-down');
  const services = [{ metadata: { name: 'server', namespace: 'rig' }, spec: { clusterIP: '10.0.0.7' } }];
  const headless = { metadata: { name: 'pods', namespace: 'rig' }, spec: { clusterIP: 'None' } };
  const api = {
    list: async (...[, , { namespace }]: [string, string, { namespace: string }]) => (namespace === 'rig' ? [...services, headless] : []),
  };
  record.addresses = await serviceAddresses({ api, namespace: 'rig', settings: { clusterDomain: 'c.local' } } as unknown as Rig);
  await recording(record, async () => {
    for (const host of ['server.rig', 'server.rig.svc.c.local']) await prober.send(target(host, 8080), { count: 1 });
    await base(prober.send(target('pods.rig', 8080), {})).rejects.toThrow(
      "its body resolves the name pods.rig, which cannot be judged while the cluster's DNS",
    );
  });
  base(orders).toEqual([
    { target: 'server.rig:8080', address: '10.0.0.7', count: 1 },
    { target: 'server.rig.svc.c.local:8080', address: '10.0.0.7', count: 1 },
    { target: 'pods.rig:8080' },
  ]);
});

const REFUSED: Ending = { kind: 'connection-refused' };
const RESET: Ending = { kind: 'reset', when: 'after-send' };
const answered = (status: number, body = ''): Ending => ({ kind: 'response', status, headers: { server: 'envoy' }, bodyStart: body });

function endingWith(...endings: Ending[]): History {
  const outcomes = endings.map((ending, at) => ({ id: `${at}`, dueMs: 0, sentMs: 0, answeredMs: 1, ending, connection: 0 }));
  return { from: 'caller', order: { target: 'server:8080', count: endings.length }, startedAt: 0, outcomes };
}

test('Sets requests aside that a restarted proxy took away, and no others', async () => {
  const lost = [
    REFUSED,
    answered(503, 'upstream connect error; reset reason: connection termination'),
    answered(503, 'no healthy upstream'),
  ];
  const kept = [RESET, answered(200), answered(403, 'RBAC: access denied'), answered(503)];
  const history = endingWith(...lost, ...kept);
  const left = await recording(new Record(undefined, 'proxy-restart'), async () => withoutLost(history));
  base(left.outcomes.map(({ ending }) => ending)).toEqual(kept);
  base(left.order.count).toBe(kept.length);
  base(await recording(new Record(undefined, 'packet-loss'), async () => withoutLost(history))).toBe(history);
});

test('Sends again while a fault has taken every endpoint away, and only then', async () => {
  const away = [endingWith(REFUSED, REFUSED), endingWith(REFUSED), endingWith(answered(200), REFUSED)];
  const left = [...away];
  const prober = new Prober('caller', { probe: async () => left.shift() ?? endingWith(REFUSED) } as unknown as AgentClient);
  const send = (under?: Under) => recording(new Record(undefined, under), () => prober.send(target('server.rig', 8080), {}));
  base((await send('proxy-restart')).outcomes.map(({ ending }) => ending)).toEqual([answered(200)]);
  base(left).toEqual([]);
  base((await send()).outcomes).toHaveLength(1);
  base((await send('packet-loss')).outcomes).toHaveLength(1);
});

test('Blames the mesh for what passed while proxies restart, but not for an endpoint that was away', async () => {
  const judged = (under: Under | undefined, kind: string) =>
    recording(new Record(undefined, under), async () => {
      const toHold = (): Judgement<string> => ({ pass: false, expected: '', observed: '', confidence: '', against: [{ kind, count: 1 }] });
      base.extend(glue({ toHold }))(undefined).toHold();
    });
  for (const kind of ['answered 200', 'answered 404 NR', 'answered by v1', 'delivered', 'no identity', 'seen on the wire']) {
    await base(judged('proxy-restart', kind)).rejects.not.toThrow('relies on every endpoint');
  }
  for (const kind of ['never delivered', 'answered 503 UC', 'reset', 'several pods', '8 % to v2']) {
    await base(judged('proxy-restart', kind)).rejects.toThrow('its body relies on every endpoint, which cannot be judged while');
    await base(judged('packet-loss', kind)).rejects.not.toThrow('relies on every endpoint');
    await base(judged(undefined, kind)).rejects.not.toThrow('relies on every endpoint');
  }
});

test('Reads no counters of proxies that restart', async () => {
  const proxy = new WorkloadProxy({ counts: async () => ({}) } as unknown as MeshAdapter, { namespace: 'rig', name: 'server' });
  const read = (under: Under) => recording(new Record(undefined, under), () => proxy.counts());
  await base(read('proxy-restart')).rejects.toThrow('its body reads counters of proxies, which cannot be judged while');
  base(await read('node-busy')).toEqual({});
});

test('Treats a body that judges an installation as unsupported under every fault, and only then', async () => {
  const judged = (under?: Under) => recording(new Record(undefined, under), async () => requireNoFault('judges an installation'));
  for (const under of UNDER_NAMES)
    await base(judged(under)).rejects.toThrow(`its body judges an installation, which ${under} does not affect`);
  await judged();
});

test('Determines from its files and definition, before a check runs, whether it can be judged', () => {
  base(unfitUnder(undefined, { ...PLACE, suite: 'chaos' }, {})).toBeUndefined();
  base(unfitUnder(DOWN, PLACE, {})).toBeUndefined();
  base(unfitUnder('packet-loss', { ...PLACE, suite: 'chaos' }, {})?.reason).toContain('a fault of its own');
  const changing = { ...PLACE, change: 's/a.istio.change.yaml' };
  base(unfitUnder(DOWN, changing, {})?.reason).toContain('changes the configuration');
  base(unfitUnder('slow-network', changing, {})).toBeUndefined();
  base(unfitUnder('slow-network', PLACE, { exclusive: 'timing' })?.reason).toContain('measures time or load');
  base(unfitUnder(DOWN, PLACE, { exclusive: 'timing' })).toBeUndefined();
  base(unfitUnder('proxy-restart', { ...PLACE, suite: 'resilience' }, {})?.reason).toContain('relies on what proxies count or keep');
  base(unfitUnder('proxy-restart', { ...PLACE, suite: 'security' }, {})).toBeUndefined();
  base(unfitUnder('node-busy', { ...PLACE, suite: 'resilience' }, {})).toBeUndefined();
});

test('Runs every check alone under a fault that affects the whole mesh', () => {
  base(isMeshWide({}, DOWN)).toBe(true);
  base(isMeshWide({}, 'slow-network')).toBe(false);
  base(isMeshWide({}, 'proxy-restart')).toBe(false);
  base(isMeshWide({}, 'node-busy')).toBe(true);
  base(isMeshWide({ exclusive: 'mesh-wide' }, undefined)).toBe(true);
});
