import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmdir } from 'node:fs/promises';

import { expect, test as base } from '@playwright/test';

import { exec } from '../../clusters/exec.ts';
import { LeasedProcess } from '../../clusters/kind/leased-process.ts';
import { networkScript, type NetworkChange } from '../../clusters/kind/network-rules.ts';
import { PathProbe, type PathLook } from '../../clusters/kind/path-probe.ts';

const HERE = { command: [] };
const HOST = '203.0.113.1';
const POD = '203.0.113.2';
const PORT = 8080;

const LISTENER = `use IO::Socket::INET; my $l = IO::Socket::INET->new(LocalPort => ${PORT}, Listen => 64, ReuseAddr => 1) or die; $| = 1; print "listening\n"; my @all; while (my $c = $l->accept) { push @all, $c }`;

/** A process with a network namespace and a cgroup like a pod's, and a listener in it. */
const test = base.extend<{ uid: string }>({
  uid: async ({}, use) => {
    const uid = randomUUID();
    const [group, device] = [`/sys/fs/cgroup/pids/pod${uid}`, `mp${uid.slice(0, 8)}`];
    const sh = (script: string) => exec('bash', ['-ec', script]);
    await sh('command -v nft >/dev/null || { echo "there is no nft: apt-get install nftables" >&2; exit 1; }');
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
  ['a drop of all packets', { kind: 'drop' }, { old: 'silent', fresh: 'silent' }],
  ['a drop of packets received from one peer', { kind: 'drop', direction: 'in', peers: [HOST] }, { old: 'silent', fresh: 'silent' }],
  ['a drop of sent packets', { kind: 'drop', direction: 'out' }, { old: 'silent', fresh: 'silent' }],
  ['a drop of packets from another peer', { kind: 'drop', peers: ['203.0.113.3'] }, UNTOUCHED],
  ['a refusal', { kind: 'refuse' }, { old: 'reset', fresh: 'refused' }],
  ['a loss of 0 %', { kind: 'loss', share: 0 }, UNTOUCHED],
  ['a loss of 100 %', { kind: 'loss', share: 1 }, { old: 'silent', fresh: 'silent' }],
  ['latency', { kind: 'latency', ms: 150, jitterMs: 20 }, UNTOUCHED],
];

for (const [name, change, seen] of CHANGES) {
  test(`Applies ${name} to existing and new connections of a pod, and leaves nothing behind @engine`, async ({ uid }) => {
    const probe = await PathProbe.open(HERE, { host: POD, port: PORT });
    try {
      const before = await probe.look();
      expect(before).toMatchObject(UNTOUCHED);
      const held = await LeasedProcess.start(HERE, networkScript({ uid }, change, 'a1b2c3'));
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

/** The names of the programs that run in a pod's network namespace. */
async function programsIn(uid: string): Promise<string[]> {
  const script = `read -r pod </sys/fs/cgroup/pids/pod${uid}/cgroup.procs
    for one in /proc/[0-9]*; do [[ $one/ns/net -ef /proc/$pod/ns/net ]] && cat $one/comm; done; true`;
  return (await exec('bash', ['-c', script])).split('\n').filter((name) => name !== '');
}

for (const [how, ends] of [
  ['the change is reverted', (held: LeasedProcess) => held.end()],
  ['the process on the node is killed', () => exec('pkill', ['-KILL', '-P', String(process.pid), '-f', 'meshproof_d1e2f3'])],
] as const) {
  test(`Leaves no delaying program on the node after ${how} @engine`, async ({ uid }) => {
    const before = await programsIn(uid);
    const held = await LeasedProcess.start(HERE, networkScript({ uid }, { kind: 'latency', ms: 50 }, 'd1e2f3'));
    expect((await programsIn(uid)).length).toBeGreaterThan(before.length);
    await ends(held);
    await expect.poll(() => programsIn(uid)).toEqual(before);
    await held.end().catch(() => undefined);
  });
}

test('Refuses to change the network of a pod that is not on the node @engine', async () => {
  const start = LeasedProcess.start(HERE, networkScript({ uid: randomUUID() }, { kind: 'drop' }, 'a1b2c3'));
  await expect(start).rejects.toMatchObject({ code: 'NODE_PROCESS', message: expect.stringContaining('no process of pod') });
});

test("Refuses to change the network of a pod that uses its node's network @engine", async () => {
  const uid = randomUUID();
  const group = `/sys/fs/cgroup/pids/pod${uid}`;
  await exec('mkdir', [group]);
  const pod = spawn('bash', ['-c', `echo $$ >${group}/cgroup.procs; echo up; exec sleep 60`]);
  try {
    await once(pod.stdout, 'data');
    const start = LeasedProcess.start(HERE, networkScript({ uid }, { kind: 'loss', share: 0 }, 'a1b2c3'));
    await expect(start.then((held) => held.end())).rejects.toMatchObject({
      code: 'NODE_PROCESS',
      message: expect.stringContaining('has the network of its node'),
    });
  } finally {
    pod.kill('SIGKILL');
    await once(pod, 'exit');
    await rmdir(group);
  }
});
