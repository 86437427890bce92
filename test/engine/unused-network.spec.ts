import { randomUUID } from 'node:crypto';

import { expect, test } from '@playwright/test';

import type { Engine } from '../../clusters/engine/engine.ts';
import { removeUnusedNetwork } from '../../clusters/engine/hermetic.ts';
import { holdNetwork } from '../../clusters/engine/network.ts';
import { LEFT_BEHIND } from '../../clusters/errors.ts';
import { rollBack } from '../../clusters/kind/kind.ts';
import { claimName, ownerOf } from '../../clusters/registry/owner.ts';
import { scratchCache, scratchFolder } from './scratch.ts';

const OURS = { Id: 'abc', Options: {}, IPAM: { Config: [] }, EnableIPv6: false, Labels: { meshproof: 'network' } };
const RULE = '-A DOCKER-USER -i br-abc ! -o br-abc -m comment --comment meshproof -j REJECT';

/** An engine of another user, whose packet filter this process cannot access, with a log of changes. */
function engineOfAnotherUser(network: object, containers: readonly string[], changed: string[]): Engine {
  const answers: Record<string, string> = {
    'network ls': 'abc',
    'network inspect': JSON.stringify([network]),
    'ps --all': containers.join('\n'),
    'image ls': 'node-image\nolder',
  };
  const docker = async (args: readonly string[]): Promise<string> => {
    const line = args.join(' ');
    const answer = answers[args.slice(0, 2).join(' ')];
    if (answer !== undefined) return answer;
    if (line.includes('-save')) return line.includes('ip6') ? '' : `*filter\n:DOCKER-USER - [0:0]\n-A DOCKER-USER -j RETURN\n${RULE}\n`;
    if (!line.includes(' -S ')) changed.push(line.replace(/^run .* --entrypoint /, ''));
    return '';
  };
  return { host: '', private: false, env: { DOCKER_HOST: '' }, restricted: false, cgroup: 2, version: '', data: '', local: false, docker };
}

test('Removes the network and its rules with the last container, through an image if necessary', async () => {
  const changed: string[] = [];
  await removeUnusedNetwork(engineOfAnotherUser(OURS, [], changed));
  expect(changed).toEqual(['network rm abc', `iptables node-image -w 10 -t filter ${RULE.replace('-A', '-D')}`]);
});

test('Keeps the record for a sweep if what was created cannot be removed, and reports both causes', async () => {
  await using _ = await scratchCache();
  const folder = await claimName('meshproof-half');
  const docker = async (): Promise<string> => Promise.reject(new Error('no daemon'));
  const back = rollBack({ name: 'meshproof-half', folder }, { ...engineOfAnotherUser(OURS, [], []), docker }, new Error('no node'));
  await expect(back).rejects.toMatchObject({ code: LEFT_BEHIND, message: expect.stringMatching(/no node.*no daemon/) });
  expect(await ownerOf('meshproof-half', folder)).toBe('alive');
});

test('Keeps a network with containers, running or not, and one that another program created', async () => {
  const changed: string[] = [];
  await removeUnusedNetwork(engineOfAnotherUser(OURS, ['stopped-node'], changed));
  await removeUnusedNetwork(engineOfAnotherUser({ ...OURS, Labels: null }, [], changed));
  expect(changed).toEqual([]);
});

test('Serializes jobs with separate state folders on one engine, whatever address they use', async () => {
  const id = randomUUID();
  const at = (host: string): Engine => ({
    ...engineOfAnotherUser(OURS, [], []),
    host,
    docker: async ([word]) => (word === 'info' ? id : ''),
  });
  const released = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const order: string[] = [];
  await using temporary = await scratchFolder();
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = temporary.path;
  await using _one = await scratchCache();
  const first = holdNetwork(at('unix:///one.sock'), async () => {
    held.resolve();
    await released.promise;
    order.push('first');
  });
  await held.promise;
  await using _other = await scratchCache();
  const progress = (text: string): void => (text.startsWith('waiting') ? released.resolve() : undefined);
  const second = holdNetwork(at('tcp://127.0.0.1:2375'), async () => void order.push('second'), { progress });
  await Promise.race([second, released.promise]);
  released.resolve();
  await Promise.all([first, second]);
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  expect(order).toEqual(['first', 'second']);
});
