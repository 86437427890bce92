import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { expect, test } from '@playwright/test';

import type { Engine } from '../../clusters/engine/engine.ts';
import { ensureEngine } from '../../clusters/engine/ensure.ts';
import { stopPrivateEngine } from '../../clusters/engine/private-engine.ts';
import { firewallOf, type Firewall } from '../../clusters/engine/firewall.ts';
import { isolateBridge, ensureHermeticNetwork, leavingRules, release } from '../../clusters/engine/hermetic.ts';
import { exec } from '../../clusters/exec.ts';
import { importProbeImage, LISTENER, PROBE } from './probe-image.ts';
import { scratchFolder } from './scratch.ts';

const IMAGE = 'meshproof/probe:test';
const BRIDGE = 'meshproof-prb';
const BEYOND = 'meshproof-beyond';
/** Another network of this machine, which is routed to like external networks: a missing rule would let these packets through. */
const ELSEWHERE = { gateway: '198.18.3.1', host: '198.18.3.2' };

const ip = (...args: string[]): Promise<string> => exec('ip', args);

async function probe(engine: Engine, protocol: 'tcp' | 'udp', host: string, port: number): Promise<string> {
  return engine.docker(['run', '--rm', '--network', BEYOND, IMAGE, '-e', PROBE, protocol, host, String(port)]);
}

/** The number of packets that each rule has rejected so far. */
async function refused(): Promise<number[]> {
  const listed = (await exec('iptables-save', ['-c', '-t', 'filter'])).split('\n');
  return listed.filter((line) => line.includes(`-A DOCKER-USER -i ${BRIDGE} `)).map((line) => Number(/^\[(\d+):/.exec(line)?.[1]));
}

async function isEnclosed(firewall: Firewall, bridge: string): Promise<boolean> {
  const checks = leavingRules(bridge).map((rule) => firewall.run(4, ['-C', 'DOCKER-USER', ...rule]));
  return (await Promise.allSettled(checks)).every(({ status }) => status === 'fulfilled');
}

test("Lets a container reach its neighbours on the clusters' network, but nothing beyond the machine", { tag: '@engine' }, async () => {
  test.skip(process.platform !== 'linux' || process.getuid?.() !== 0, 'it reads the packet filter of this machine');
  test.setTimeout(180_000);
  await using folder = await scratchFolder();
  const engine = await ensureEngine({ allowPrivate: true });
  const network = await ensureHermeticNetwork(engine);
  const firewall = await firewallOf(engine, undefined);
  expect(await isEnclosed(firewall, network.bridge)).toBe(true);

  await importProbeImage(engine, folder.path, IMAGE);
  const create = ['network', 'create', '--subnet', '198.18.4.0/24', '--opt', `com.docker.network.bridge.name=${BRIDGE}`, BEYOND];
  await engine.docker(create);
  await ip('netns', 'add', BEYOND);
  await ip('link', 'add', 'meshproof-v0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', BEYOND);
  await ip('addr', 'add', `${ELSEWHERE.gateway}/30`, 'dev', 'meshproof-v0');
  await ip('link', 'set', 'meshproof-v0', 'up');
  await ip('-n', BEYOND, 'addr', 'add', `${ELSEWHERE.host}/30`, 'dev', 'eth0');
  await ip('-n', BEYOND, 'link', 'set', 'eth0', 'up');
  await ip('-n', BEYOND, 'route', 'add', 'default', 'via', ELSEWHERE.gateway);
  const listener = spawn('ip', ['netns', 'exec', BEYOND, process.execPath, '-e', LISTENER]);
  try {
    await once(listener.stdout, 'data');

    await test.step('Lets packets of a container out without the rules', async () => {
      expect(await probe(engine, 'tcp', ELSEWHERE.host, 7000)).toBe('connected');
      expect(await probe(engine, 'udp', ELSEWHERE.host, 7000)).toBe('connected');
    });

    await isolateBridge(firewall, BRIDGE, false);
    // No packet may be sent to a foreign host before this is certain.
    expect(await isEnclosed(firewall, BRIDGE)).toBe(true);

    for (const [host, port] of [
      [ELSEWHERE.host, 7000],
      ['203.0.113.1', 80],
      ['10.96.0.1', 443],
    ] as const) {
      await test.step(`Rejects packets to ${host} with the rules`, async () => {
        const before = await refused();
        expect(await probe(engine, 'tcp', host, port)).toBe('ECONNREFUSED');
        expect(await probe(engine, 'udp', host, port)).toBe('ECONNREFUSED');
        const after = await refused();
        expect(after).toHaveLength(2);
        for (const [rule, count] of after.entries()) expect(count).toBeGreaterThan(before[rule] ?? 0);
      });
    }

    await test.step('Lets packets through to a neighbour', async () => {
      const neighbour = await engine.docker(['run', '--detach', '--network', BEYOND, IMAGE, '-e', LISTENER]);
      try {
        const address = await engine.docker([
          'inspect',
          '--format',
          `{{(index .NetworkSettings.Networks "${BEYOND}").IPAddress}}`,
          neighbour,
        ]);
        await expect.poll(() => probe(engine, 'tcp', address, 7000)).toBe('connected');
        expect(await probe(engine, 'udp', address, 7000)).toBe('connected');
      } finally {
        await engine.docker(['rm', '--force', neighbour]);
      }
    });
  } finally {
    listener.kill();
    await release(firewall, BRIDGE);
    for (const [program, ...args] of [
      ['ip', 'link', 'del', 'meshproof-v0'],
      ['ip', 'netns', 'del', BEYOND],
      ['docker', '--host', engine.host, 'network', 'rm', BEYOND],
      ['docker', '--host', engine.host, 'image', 'rm', IMAGE],
    ] as const) {
      await exec(program, args).catch(() => '');
    }
  }
  expect(await refused()).toEqual([]);
  // Stopped only after the test saw that the rules are gone, because stopping removes them as well. An engine that others use keeps
  // running.
  await stopPrivateEngine();
});
