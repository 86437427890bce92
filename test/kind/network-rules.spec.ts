import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmdir } from 'node:fs/promises';

import { expect, test as base } from '@playwright/test';

import { exec } from '../../clusters/exec.ts';
import { LeasedProcess } from '../../clusters/kind/leased-process.ts';
import { networkDeed, type NetworkChange } from '../../clusters/kind/network-rules.ts';
import { PathProbe, type PathLook } from '../../clusters/kind/path-probe.ts';

const HERE = { command: [] };
const HOST = '203.0.113.1';
const POD = '203.0.113.2';
const PORT = 8080;

const LISTENER = `use IO::Socket::INET; my $l = IO::Socket::INET->new(LocalPort => ${PORT}, Listen => 64, ReuseAddr => 1) or die; $| = 1; print "listening\n"; my @all; while (my $c = $l->accept) { push @all, $c }`;

/** Something with the network namespace and the control group of a pod, and a listener in it. */
const test = base.extend<{ uid: string }>({
  uid: async ({}, use) => {
    const uid = randomUUID();
    const [group, device] = [`/sys/fs/cgroup/pids/pod${uid}`, `mp${uid.slice(0, 8)}`];
    const sh = (script: string) => exec('bash', ['-ec', script]);
    await sh(`mkdir ${group}`);
    const pod: ChildProcess = spawn('bash', [
      '-ec',
      `echo $$ >${group}/cgroup.procs; exec unshare -n bash -ec 'echo up; read; exec perl -e "$0"' "$0"`,
      LISTENER,
    ]);
    await once(pod.stdout ?? pod, 'data');
    await sh(`ip link add ${device} type veth peer name eth0 netns ${pod.pid}
      ip addr add ${HOST}/24 dev ${device}; ip link set ${device} up
      nsenter -t ${pod.pid} -n sh -ec 'ip link set lo up; ip addr add ${POD}/24 dev eth0; ip link set eth0 up'`);
    pod.stdin?.write('\n');
    await once(pod.stdout ?? pod, 'data');
    await use(uid);
    pod.kill('SIGKILL');
    await once(pod, 'exit');
    await sh(`ip link del ${device} 2>/dev/null || true`);
    await rmdir(group);
  },
});

const UNTOUCHED: Partial<PathLook> = { old: 'open', fresh: 'open' };
const CHANGES: readonly [name: string, change: NetworkChange, seen: Partial<PathLook>][] = [
  ['drops', { kind: 'drop' }, { old: 'silent', fresh: 'silent' }],
  ['drops what is received of one peer', { kind: 'drop', direction: 'in', peers: [HOST] }, { old: 'silent', fresh: 'silent' }],
  ['drops what is sent', { kind: 'drop', direction: 'out' }, { old: 'silent', fresh: 'silent' }],
  ['drops what another peer sends', { kind: 'drop', peers: ['203.0.113.3'] }, UNTOUCHED],
  ['refuses', { kind: 'refuse' }, { old: 'reset', fresh: 'refused' }],
  ['loses nothing', { kind: 'loss', share: 0 }, UNTOUCHED],
  ['loses all', { kind: 'loss', share: 1 }, { old: 'silent', fresh: 'silent' }],
  ['delays', { kind: 'latency', ms: 150, jitterMs: 20 }, UNTOUCHED],
];

for (const [name, change, seen] of CHANGES) {
  test(`a change of a pod's network ${name}, on old connections and new ones, and leaves nothing behind @engine`, async ({ uid }) => {
    const probe = await PathProbe.open(HERE, { host: POD, port: PORT });
    try {
      const before = await probe.look();
      expect(before).toMatchObject(UNTOUCHED);
      const held = await LeasedProcess.start(HERE, networkDeed({ uid }, change, 'a1b2c3'));
      const under = await probe.look();
      await held.end();
      const after = await probe.look();
      expect(under).toMatchObject(seen);
      expect(after.fresh).toBe('open');
      if (change.kind === 'latency') expect(under.ms).toBeGreaterThan(125);
      expect(after.ms).toBeLessThan(100);
    } finally {
      probe.close();
    }
    const inPod = (command: string) =>
      exec('bash', ['-c', `nsenter -t $(head -n 1 /sys/fs/cgroup/pids/pod${uid}/cgroup.procs) -n ${command}`]);
    expect(await inPod('nft list ruleset')).not.toContain('meshproof');
  });
}

/** The programs in the network of a pod. */
async function programsIn(uid: string): Promise<string[]> {
  const script = `read -r pod </sys/fs/cgroup/pids/pod${uid}/cgroup.procs
    for one in /proc/[0-9]*; do [[ $one/ns/net -ef /proc/$pod/ns/net ]] && cat $one/comm; done; true`;
  return (await exec('bash', ['-c', script])).split('\n').filter((name) => name !== '');
}

for (const [how, ends] of [
  ['taken back', (held: LeasedProcess) => held.end()],
  ['left by a process on the node that was killed', () => exec('pkill', ['-KILL', '-P', String(process.pid), '-f', 'meshproof_d1e2f3'])],
] as const) {
  test(`of packets that are late no program stays on the node when that is ${how} @engine`, async ({ uid }) => {
    const before = await programsIn(uid);
    const held = await LeasedProcess.start(HERE, networkDeed({ uid }, { kind: 'latency', ms: 50 }, 'd1e2f3'));
    expect((await programsIn(uid)).length).toBeGreaterThan(before.length);
    await ends(held);
    await expect.poll(() => programsIn(uid)).toEqual(before);
    await held.end().catch(() => undefined);
  });
}

test('the network of a pod that is not on the node cannot be changed @engine', async () => {
  const start = LeasedProcess.start(HERE, networkDeed({ uid: randomUUID() }, { kind: 'drop' }, 'a1b2c3'));
  await expect(start).rejects.toMatchObject({ code: 'NODE_PROCESS', message: /no process of pod/ });
});

test('the network of a pod that has its node’s is not changed @engine', async () => {
  const uid = randomUUID();
  const group = `/sys/fs/cgroup/pids/pod${uid}`;
  await exec('mkdir', [group]);
  const pod = spawn('bash', ['-c', `echo $$ >${group}/cgroup.procs; echo up; exec sleep 60`]);
  try {
    await once(pod.stdout, 'data');
    const start = LeasedProcess.start(HERE, networkDeed({ uid }, { kind: 'loss', share: 0 }, 'a1b2c3'));
    await expect(start.then((held) => held.end())).rejects.toMatchObject({ code: 'NODE_PROCESS', message: /has the network of its node/ });
  } finally {
    pod.kill('SIGKILL');
    await once(pod, 'exit');
    await rmdir(group);
  }
});
