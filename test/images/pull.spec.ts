import { expect, test } from '@playwright/test';

import { MeshproofError } from '../../clusters/errors.ts';
import { LOCK_FILE, lock } from '../../clusters/images/lock.ts';
import type { Docker } from '../../clusters/images/node-image.ts';
import { PUBLISHED_NODE, unpinnedImages } from '../../clusters/images/node-pulled.ts';
import { publishedDigest, pullImage } from '../../clusters/images/pull.ts';
import { ISTIO } from '../../clusters/istio/module.ts';

const NAME = 'docker.io/library/postgres:15';
const patience = { waitMs: 1 };

/** An engine whose pulls end as told, one after the other, and then well. */
function engine(...ends: string[]): { docker: Docker; calls: string[] } {
  const calls: string[] = [];
  const docker = async (args: readonly string[]): Promise<string> => {
    calls.push(args.join(' '));
    const said =
      args[0] === 'pull' ? ends.shift() : '["postgres@sha256:aa","other/postgres@sha256:bb","mirror.test/m/library/postgres@sha256:cc"]';
    if (args[0] === 'pull' && said !== undefined)
      throw new MeshproofError('COMMAND_FAILED', `docker ${args.join(' ')} ended with 1: ${said}`);
    return said ?? '';
  };
  return { docker: { docker }, calls };
}

/** What Docker says, and what is to be read of it. */
const FAILURES: [said: string, means: RegExp, again: boolean][] = [
  [
    'Error response from daemon: toomanyrequests: You have reached your pull rate limit',
    /allows no more pulls for now \(toomanyrequests/,
    true,
  ],
  ['Error response from daemon: received unexpected HTTP status: 500 Internal Server Error', /500 Internal Server Error/, true],
  ['8ab: Downloading\nunexpected EOF', /unexpected EOF/, true],
  ['Error response from daemon: filesystem layer verification failed for digest sha256:1', /verification failed/, true],
  ['Error response from daemon: Head "https://m/v2/x": unauthorized: authentication required', /asks for credentials/, false],
  ['Error response from daemon: pull access denied for x, repository does not exist', /asks for credentials/, false],
  ['Error response from daemon: manifest for x:1 not found: manifest unknown: manifest unknown', /no such image/, false],
  ['Error response from daemon: Get "https://m/v2/": x509: certificate signed by unknown authority', /does not trust its registry/, false],
  ['Error response from daemon: Get "https://m/v2/": dial tcp: lookup m: no such host', /cannot be reached/, true],
  ['write /x: no space left on device', /disk of the engine is full/, false],
];

for (const [said, means, again] of FAILURES) {
  test(`a pull that ends with "${said.slice(-40)}" is ${again ? 'tried again a few times' : 'final'}, and says why`, async () => {
    const { docker, calls } = engine(...Array<string>(9).fill(said));
    const failed = pullImage(docker, NAME, { patience }, {});
    await expect(failed).rejects.toMatchObject({
      code: 'PULL_FAILED',
      message: expect.stringMatching(means),
      hint: expect.stringMatching(/./),
    });
    expect(calls).toHaveLength(again ? 4 : 1);
  });
}

test('where there is another way, a registry out of reach is given up at once, and one that stumbles is not', async () => {
  const unreached = engine(...Array<string>(9).fill('Error response from daemon: Get "https://m/v2/": dial tcp: lookup m: no such host'));
  await expect(pullImage(unreached.docker, NAME, { patience, hurried: true }, {})).rejects.toMatchObject({ code: 'PULL_FAILED' });
  expect(unreached.calls).toHaveLength(1);
  const busy = engine('toomanyrequests');
  expect(await pullImage(busy.docker, NAME, { patience, hurried: true }, {})).toBe(NAME);
  expect(busy.calls).toHaveLength(2);
});

test('a registry that stumbles once is asked again', async () => {
  const { docker, calls } = engine('unexpected EOF');
  expect(await pullImage(docker, NAME, { patience }, {})).toBe(NAME);
  expect(calls).toEqual([`pull -q ${NAME}`, `pull -q ${NAME}`]);
});

test('an image with a row in the lock is pulled by its digest, from a mirror too', async () => {
  const { images } = await lock();
  const digest = images[PUBLISHED_NODE];
  expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  const { docker, calls } = engine();
  expect(await pullImage(docker, PUBLISHED_NODE, { registry: 'mirror.test/m' }, {})).toBe(`mirror.test/m/kindest/node@${digest}`);
  expect(calls).toEqual([`pull -q mirror.test/m/kindest/node@${digest}`]);
});

test('the digest that a registry gives is the one of that registry’s own name', async () => {
  expect(await publishedDigest(engine().docker, NAME, {}, {})).toBe('sha256:aa');
  expect(await publishedDigest(engine().docker, NAME, { registry: 'mirror.test/m' }, {})).toBe('sha256:cc');
});

test('the lock has digests and checksums only, and what it has no row of is told of', async () => {
  const { images, downloads, wheels } = await lock();
  for (const digest of Object.values(images)) expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  for (const digest of [...Object.values(downloads), ...Object.values(wheels)]) expect(digest).toMatch(/^[0-9a-f]{64}$/);
  const unpinned = await unpinnedImages(ISTIO.images());
  expect(
    unpinned.filter((name) => images[name] !== undefined),
    LOCK_FILE,
  ).toEqual([]);
});
