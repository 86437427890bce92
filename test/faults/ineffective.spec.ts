import { expect, test } from '@playwright/test';

import { MeshproofError } from '../../clusters/errors.ts';
import type { NetworkChange } from '../../clusters/kind/network-rules.ts';
import type { PathLook } from '../../clusters/kind/path-probe.ts';
import type { MeshAdapter } from '../../clusters/mesh/adapter.ts';
import { ClusterDns } from '../../fixtures/actors/cluster-dns.ts';
import type { AgentClient } from '../../fixtures/agent/client.ts';
import type { Ending, History } from '../../fixtures/agent/protocol.ts';
import { ApiRefusal } from '../../clusters/kubernetes/api-error.ts';
import type { JournalledApi } from '../../clusters/rigs/journalled-api.ts';
import { Crash } from '../../fixtures/faults/crash.ts';
import { Eviction } from '../../fixtures/faults/eviction.ts';
import { FaultJournal, type Fault } from '../../fixtures/faults/fault.ts';
import { HungProxy } from '../../fixtures/faults/hung-proxy.ts';
import { InjectorOutage } from '../../fixtures/faults/injector-outage.ts';
import { NetworkFault } from '../../fixtures/faults/network-fault.ts';
import { ServerFault } from '../../fixtures/faults/server-fault.ts';
import { ServiceOutage } from '../../fixtures/faults/service-outage.ts';
import { Unready } from '../../fixtures/faults/unready.ts';
import { StandInNodes } from './stand-in-nodes.ts';

const POD = { namespace: 'rig', name: 'pod' };
const DEAD: PathLook = { old: 'reset', fresh: 'refused', ms: 1 };
const journal = () => new FaultJournal({ proofMs: 150 });
const INEFFECTIVE = { code: 'FAULT_INEFFECTIVE' };
const ENDED = { code: 'FAULT_ENDED' };

/** Runs a body that would break a promise, so that only the fault can be blamed. */
const under = (fault: Fault, meanwhile: () => void = () => undefined) =>
  journal().during(fault, async () => {
    meanwhile();
    throw new Error('the promise is broken');
  });

const MISSED: readonly [what: string, change: NetworkChange, look: PathLook, dropped?: number][] = [
  ['a drop on the wrong interface', { kind: 'drop' }, { old: 'open', fresh: 'open', ms: 1 }],
  ['a drop that spares open connections', { kind: 'drop' }, { old: 'open', fresh: 'silent', ms: 1_000 }],
  ['a drop that spares new connections', { kind: 'drop' }, { old: 'silent', fresh: 'open', ms: 1 }],
  ['a refusal that spares open connections', { kind: 'refuse' }, { old: 'open', fresh: 'refused', ms: 1 }],
  ['a refusal of which nothing is heard', { kind: 'refuse' }, { old: 'silent', fresh: 'silent', ms: 1_000 }],
  ['a loss of which the kernel counts none', { kind: 'loss', share: 0.03 }, { old: 'open', fresh: 'open', ms: 1 }, 0],
  ['a latency that no answer shows', { kind: 'latency', ms: 200, jitterMs: 20 }, { old: 'open', fresh: 'open', ms: 179 }],
];
for (const [what, change, look, dropped = 1] of MISSED) {
  test(`Notices ${what}`, async () => {
    const nodes = new StandInNodes();
    Object.assign(nodes, { look, dropped });
    await expect(under(new NetworkFault(nodes.place, { pod: POD, port: 8080, change }))).rejects.toMatchObject(INEFFECTIVE);
    expect(nodes).toMatchObject({ held: false, marked: new Set() });
  });
}

test('Notices that a change of the network ended during the observation', async () => {
  const nodes = new StandInNodes();
  nodes.look = DEAD;
  const fault = new NetworkFault(nodes.place, { pod: POD, port: 8080, change: { kind: 'refuse' } });
  await expect(under(fault, () => (nodes.held = false))).rejects.toMatchObject(ENDED);
});

test('Notices a stop that hits nothing, only a part of the proxy, or a proxy that continues', async () => {
  const nodes = new StandInNodes();
  const hung = () => new HungProxy(nodes.place, POD, ['envoy', 'pilot-agent']);
  await expect(under(hung())).rejects.toMatchObject(INEFFECTIVE);
  nodes.processes = { stopped: 1, running: 1 };
  await expect(under(hung())).rejects.toMatchObject(INEFFECTIVE);
  nodes.processes = { stopped: 2, running: 0 };
  await expect(under(hung(), () => (nodes.processes = { stopped: 0, running: 2 }))).rejects.toMatchObject(ENDED);
  nodes.refusal = new MeshproofError('NODE_PROCESS', 'no process of the pod is one of envoy, pilot-agent');
  await expect(under(hung())).rejects.toMatchObject({ code: 'NODE_PROCESS' });
  expect(nodes).toMatchObject({ held: false });
});

test('Notices a kill that hits nothing, and one that some processes survive; ends only with a new container', async () => {
  const nodes = new StandInNodes();
  const crash = () => new Crash(nodes.place, POD, ['envoy', 'pilot-agent']);
  nodes.killed.living = 1;
  // Nothing has ended, so the kubelet starts nothing: the rig is replaced.
  await expect(under(crash())).rejects.toMatchObject({ code: 'FAULT_REMAINS' });
  nodes.killed.living = 0;
  await journal().during(crash(), async () => void (nodes.starts += 1));
  nodes.refusal = new MeshproofError('NODE_PROCESS', 'no process of the pod is one of envoy, pilot-agent');
  await expect(under(crash())).rejects.toMatchObject({ code: 'NODE_PROCESS' });
});

test('Notices evicted pods that stay, and an app without pods; asks again while a budget refuses', async () => {
  let pods = ['a', 'b'];
  const asked: string[] = [];
  const changes = {
    assertOpen: () => undefined,
    during: async <T>(change: () => Promise<T>) => await change(),
    list: async () => pods.map((name) => ({ metadata: { name, uid: name }, status: { conditions: [{ type: 'Ready', status: 'True' }] } })),
    connection: {
      text: async (_method: string, path: string) => {
        asked.push(path);
        if (asked.length === 1) throw new ApiRefusal('over budget', 429, 'TooManyRequests');
        return '{}';
      },
    },
  };
  const eviction = () => new Eviction({ changes: changes as unknown as JournalledApi, namespace: 'rig' }, 'app');
  await expect(under(eviction())).rejects.toMatchObject(INEFFECTIVE);
  expect(asked.toSorted()).toEqual(['a', 'a', 'b'].map((name) => `/api/v1/namespaces/rig/pods/${name}/eviction`));
  pods = [];
  await expect(under(eviction())).rejects.toMatchObject(INEFFECTIVE);
});

test('Notices a control plane without pods, with a pod that still answers, and with one that was created later', async () => {
  const nodes = new StandInNodes();
  const service = { name: 'the control plane', kind: 'control-plane' as const, namespace: 'mesh', selector: 'app=control', port: 15_012 };
  const outage = () => new ServiceOutage(nodes.place, service, { kind: 'refuse' });
  await expect(under(outage())).rejects.toMatchObject(INEFFECTIVE);
  nodes.look = DEAD;
  await expect(under(outage(), () => nodes.pods.push('another'))).rejects.toMatchObject({
    ...ENDED,
    message: expect.stringContaining('its pod another is not affected'),
  });
  nodes.pods = [];
  await expect(under(outage())).rejects.toMatchObject(INEFFECTIVE);
});

test('Waits at the end until the clients of a service lack nothing, and reports what they still lack', async () => {
  const nodes = new StandInNodes();
  nodes.look = DEAD;
  const lacks = ['a new pod is refused', 'a new pod gets no proxy'];
  const service = { name: 'the control plane', kind: 'control-plane' as const, namespace: 'mesh', selector: 'app=control', port: 15_012 };
  const outage = (lack: () => Promise<string | undefined>) => new ServiceOutage(nodes.place, { ...service, lack }, { kind: 'refuse' });
  await new FaultJournal({ proofMs: 10_000 }).during(
    outage(async () => lacks.shift()),
    async () => undefined,
  );
  expect(lacks).toEqual([]);
  const ended = journal().during(
    outage(async () => 'a new pod gets no proxy'),
    async () => undefined,
  );
  await expect(ended).rejects.toMatchObject({ code: 'FAULT_REMAINS', message: expect.stringContaining('a new pod gets no proxy') });
});

test('Notices a DNS that refuses TCP but still resolves names', async () => {
  const nodes = new StandInNodes();
  nodes.look = DEAD;
  let ending: Ending = { kind: 'connection-refused' };
  const agent = { probe: async () => ({ outcomes: [{ ending }] }) as History };
  const without = async (body: () => Promise<void>) => {
    const rig = { networkPlace: nodes.place, faults: journal(), namespace: 'rig', agent: () => agent };
    await new ClusterDns(rig).without(body);
  };
  const ran: string[] = [];
  await expect(without(async () => void ran.push('body'))).rejects.toMatchObject(INEFFECTIVE);
  expect(ran).toEqual([]);
  ending = { kind: 'dns' };
  await without(async () => void ran.push('body'));
  expect(ran).toEqual(['body']);
});

test('Notices an injector that still adds proxies', async () => {
  const calls: string[] = [];
  const injector = { restore: async () => void calls.push('restore'), disable: async () => void calls.push('disable') };
  const rig = {
    changes: { during: async <T>(change: () => Promise<T>) => await change() },
    mesh: { injector } as unknown as MeshAdapter,
    namespace: 'rig',
    owner: 'run',
  };
  // The end is measured in the same way, so it is found at once.
  await expect(under(new InjectorOutage(rig, async () => undefined))).rejects.toMatchObject(INEFFECTIVE);
  expect(calls).toEqual(['restore', 'disable', 'restore']);
});

/** An agent that acknowledges everything. */
function deafAgent() {
  const state = { waiting: 0, inFlight: 0, connections: {}, faults: 0, ready: true };
  const agent = { setFaults: async () => undefined, setReady: async () => undefined, state: async () => state };
  return { state, agent: agent as unknown as AgentClient };
}

test('Notices a server that has acknowledged its misbehaviour and does not apply it, or no longer', async () => {
  const { state, agent } = deafAgent();
  const fault = new ServerFault(agent, 'pod');
  fault.behaviour = [{ status: 503 }];
  await expect(under(fault)).rejects.toMatchObject(INEFFECTIVE);
  state.faults = 1;
  await expect(under(fault, () => (state.faults = 0))).rejects.toMatchObject(ENDED);
});

test('Notices a pod that has acknowledged that it must be unready and stays ready, or becomes ready again', async () => {
  const { state, agent } = deafAgent();
  await expect(under(new Unready(agent, 'pod'))).rejects.toMatchObject(INEFFECTIVE);
  state.ready = false;
  await expect(under(new Unready(agent, 'pod'), () => (state.ready = true))).rejects.toMatchObject(ENDED);
});
