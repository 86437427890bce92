import { expect, test } from '@playwright/test';

import { MeshproofError } from '../../clusters/errors.ts';
import { until } from '../../clusters/until.ts';
import { FaultJournal } from '../../fixtures/faults/fault.ts';
import { ProxyRestart } from '../../fixtures/faults/proxy-restart.ts';
import { StandInNodes } from './stand-in-nodes.ts';

const PODS = ['a', 'b'].map((name) => ({ namespace: 'rig', name }));
const PROGRAMS = ['envoy', 'pilot-agent'];

/** Nodes on which every kill ends the processes, and the kubelet starts the container again. */
function willing() {
  const nodes = new StandInNodes();
  const killed: string[] = [];
  const { place } = nodes;
  const kubelet = {
    ...place,
    nodes: async () => ({
      ...(await place.nodes()),
      killInPod: async (_: unknown, { uid }: { uid: string }) => {
        await new Promise(setImmediate);
        if (nodes.refusal !== undefined) throw nodes.refusal;
        killed.push(uid);
        nodes.starts += 1;
        return ['10:1', '11:1'];
      },
    }),
  };
  return { nodes, killed, fault: new ProxyRestart(kubelet, PODS, PROGRAMS), journal: new FaultJournal({ proofMs: 500 }) };
}

test('Kills the proxies one after the other while a body runs, each once the last one serves again, and none afterwards', async () => {
  const { killed, fault, journal } = willing();
  await journal.during(fault, async () => {
    await until(() => killed.length >= 4, { what: 'four kills', timeoutMs: 10_000, everyMs: 10 });
  });
  const done = killed.length;
  expect(killed.slice(0, 4)).toEqual(['a', 'b', 'a', 'b']);
  expect(await fault.residue()).toBeUndefined();
  expect(killed).toHaveLength(done);
});

test('Notices a kill that hits nothing, at first and later, processes that survive, and a proxy that does not start again', async () => {
  const first = willing();
  first.nodes.refusal = new MeshproofError('NODE_PROCESS', 'no process of the pod is one of envoy, pilot-agent');
  await expect(first.journal.during(first.fault, async () => undefined)).rejects.toMatchObject({ code: 'NODE_PROCESS' });

  const later = willing();
  const body = async (): Promise<void> => {
    later.nodes.refusal = new MeshproofError('NODE_PROCESS', 'no process of the pod is one of envoy, pilot-agent');
    const error = () =>
      later.fault.effect().then(
        () => false,
        () => true,
      );
    await until(error, { what: 'the failed kill', timeoutMs: 10_000, everyMs: 10 });
  };
  await expect(later.journal.during(later.fault, body)).rejects.toMatchObject({ code: 'FAULT_ENDED' });

  const surviving = willing();
  surviving.nodes.killed.living = 1;
  const ran: string[] = [];
  await expect(surviving.journal.during(surviving.fault, async () => void ran.push('body'))).rejects.toMatchObject({
    code: 'FAULT_INEFFECTIVE',
  });
  expect(ran).toEqual([]);

  const dead = new StandInNodes();
  const fault = new ProxyRestart(dead.place, PODS, PROGRAMS);
  await expect(new FaultJournal({ proofMs: 200 }).during(fault, async () => undefined)).rejects.toMatchObject({ code: 'FAULT_REMAINS' });
});
