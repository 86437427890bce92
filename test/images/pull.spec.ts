import { writeFile } from 'node:fs/promises';

import { expect, test } from '@playwright/test';

import { MeshproofError } from '../../clusters/errors.ts';
import { LOCK_FILE, lock, readLock } from '../../clusters/images/lock.ts';
import type { Docker } from '../../clusters/images/node-image.ts';
import { PUBLISHED_NODE, unpinnedImages } from '../../clusters/images/node-pulled.ts';
import { publishedDigest, pullImage } from '../../clusters/images/pull.ts';
import { ISTIO } from '../../clusters/istio/module.ts';

const NAME = 'docker.io/library/postgres:15';
const patience = { waitMs: 1 };
const CURRENT = `sha256:${'c'.repeat(64)}`;

/** An engine whose pulls fail with these messages, one after the other, and then succeed. */
function engine(...ends: string[]): { docker: Docker; calls: string[] } {
  const calls: string[] = [];
  const docker = async (args: readonly string[]): Promise<string> => {
    calls.push(args.join(' '));
    const said = args[0] === 'pull' ? ends.shift() : undefined;
    if (said !== undefined) throw new MeshproofError('COMMAND_FAILED', `docker ${args.join(' ')} ended with 1: ${said}`);
    return '';
  };
  return { docker: { docker }, calls };
}

/** Messages of Docker, with what they mean. */
const FAILURES: [said: string, means: RegExp, again: boolean][] = [
  [
    'Error response from daemon: toomanyrequests: You have reached your pull rate limit',
    /reached its rate limit for pulls \(toomanyrequests/,
    true,
  ],
  ['Error response from daemon: received unexpected HTTP status: 500 Internal Server Error', /500 Internal Server Error/, true],
  ['8ab: Downloading\nunexpected EOF', /unexpected EOF/, true],
  ['Error response from daemon: filesystem layer verification failed for digest sha256:1', /verification failed/, true],
  ['Error response from daemon: Head "https://m/v2/x": unauthorized: authentication required', /requires credentials/, false],
  ['Error response from daemon: pull access denied for x, repository does not exist', /requires credentials/, false],
  ['Error response from daemon: manifest for x:1 not found: manifest unknown: manifest unknown', /no such image/, false],
  ['Error response from daemon: Get "https://m/v2/": x509: certificate signed by unknown authority', /does not trust the registry/, false],
  ['Error response from daemon: Get "https://m/v2/": dial tcp: lookup m: no such host', /cannot be reached/, true],
  [
    'Error response from daemon: Get "https://m/v2/": http: server gave HTTP response to HTTPS client',
    /uses plain HTTP, and the engine expects TLS/,
    false,
  ],
  [
    `Error response from daemon: error parsing HTTP 200 response body: invalid character '<' looking for beginning of value: "<html>"`,
    /the response is a web page/,
    false,
  ],
  ['write /x: no space left on device', /the engine's disk is full/, false],
];

for (const [said, means, again] of FAILURES) {
  test(`${again ? 'Retries' : 'Does not retry'} a pull that fails with "${said.slice(-40)}", and explains the failure`, async () => {
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

test('Gives up at once on an unreachable registry if there is another source, but not on a temporary error', async () => {
  const unreached = engine(...Array<string>(9).fill('Error response from daemon: Get "https://m/v2/": dial tcp: lookup m: no such host'));
  await expect(pullImage(unreached.docker, NAME, { patience, hurried: true }, {})).rejects.toMatchObject({ code: 'PULL_FAILED' });
  expect(unreached.calls).toHaveLength(1);
  const busy = engine('toomanyrequests');
  expect(await pullImage(busy.docker, NAME, { patience, hurried: true }, {})).toBe(NAME);
  expect(busy.calls).toHaveLength(2);
});

test('Retries after a temporary error of a registry', async () => {
  const { docker, calls } = engine('unexpected EOF');
  expect(await pullImage(docker, NAME, { patience }, {})).toBe(NAME);
  expect(calls).toEqual([`pull -q ${NAME}`, `pull -q ${NAME}`]);
});

test('Pulls a locked image by its digest, from a mirror too', async () => {
  const { images } = await lock();
  const digest = images[PUBLISHED_NODE];
  expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  const { docker, calls } = engine();
  expect(await pullImage(docker, PUBLISHED_NODE, { registry: 'mirror.test/m' }, {})).toBe(`mirror.test/m/kindest/node@${digest}`);
  expect(calls).toEqual([`pull -q mirror.test/m/kindest/node@${digest}`]);
});

test('Mentions the lock if a registry lacks the locked digest', async () => {
  const { docker } = engine('Error response from daemon: manifest unknown: manifest unknown');
  const failed = pullImage(docker, PUBLISHED_NODE, { registry: 'mirror.test/m', patience }, {});
  await expect(failed).rejects.toMatchObject({ hint: expect.stringContaining(`lock.json holds ${PUBLISHED_NODE} to this digest`) });
});

/** An engine with these images by name, to which a registry gives the image `new` for any name. It has buildx if that has an answer. */
function ownedEngine(tags: Record<string, string>, others: readonly string[] = [], buildx?: string) {
  const ids = new Set([...Object.values(tags), ...others]);
  const run: Record<string, (args: readonly string[]) => string | undefined> = {
    'image ls': () => [...ids].join('\n'),
    'image inspect': (args) => tags[args.at(-1) ?? ''],
    'image rm': ([, , what = '']) => {
      ids.delete(tags[what] ?? what);
      delete tags[what];
      return '';
    },
    tag: ([, id = '', name = '']) => (tags[name] = id),
    buildx: () => buildx,
    pull: ([, name = '']) => {
      ids.add((tags[name] = 'new'));
      return `15: Pulling from library/postgres\nDigest: ${CURRENT}\nStatus: Downloaded newer image for ${name}\n${name}`;
    },
  };
  const docker = async (args: readonly string[]): Promise<string> => {
    const answer = (run[args.slice(0, 2).join(' ')] ?? run[args[0] ?? ''])?.(args);
    if (answer === undefined) throw new MeshproofError('COMMAND_FAILED', `docker ${args.join(' ')} ended with 1: no`);
    return answer;
  };
  return { docker: { docker }, tags, ids };
}

test('Reads the digest that the registry gives now, and leaves the engine as it was', async () => {
  const mirror = 'mirror.test/m/library/postgres:15';
  const engines: [string, ReturnType<typeof ownedEngine>, string | undefined][] = [
    ['without the image', ownedEngine({ 'other:1': 'a' }), undefined],
    ['with an earlier one', ownedEngine({ [NAME]: 'old' }), undefined],
    ['with the same', ownedEngine({ [NAME]: 'new' }), undefined],
    ['with an earlier one, and the current one under another name', ownedEngine({ [NAME]: 'old', mine: 'new' }), undefined],
    ['without the image in the mirror', ownedEngine({ [NAME]: 'old' }), 'mirror.test/m'],
  ];
  for (const [what, { docker, tags, ids }, registry] of engines) {
    const before = { tags: { ...tags }, ids: [...ids] };
    expect.soft(await publishedDigest(docker, NAME, { registry }, {}), what).toBe(CURRENT);
    expect.soft({ tags, ids: [...ids] }, what).toEqual(before);
    expect.soft(tags[mirror], what).toBeUndefined();
  }
});

test('Pulls nothing for a digest that buildx answers, and nothing else counts as an answer', async () => {
  const digest = `sha256:${'b'.repeat(64)}`;
  const answering = ownedEngine({}, [], JSON.stringify({ schemaVersion: 2, digest, manifests: [{ digest: CURRENT }] }));
  expect(await publishedDigest(answering.docker, NAME, {}, {})).toBe(digest);
  expect([...answering.ids]).toEqual([]);
  for (const answer of ['', '<html>', '{"manifests": []}', 'null'])
    expect.soft(await publishedDigest(ownedEngine({}, [], answer).docker, NAME, {}, {}), answer).toBe(CURRENT);
});

test('Reports an engine that prints no digest', async () => {
  const silent: Docker = { docker: async (args) => (args[0] === 'pull' ? 'Status: Downloaded newer image' : '') };
  const refused = { code: 'PULL_FAILED', message: expect.stringContaining('printed no digest') };
  await expect(publishedDigest(silent, NAME, {}, {})).rejects.toMatchObject(refused);
});

test('Contains only digests and checksums in the lock, and lists images without a row as unpinned', async () => {
  const { images, downloads, wheels } = await lock();
  for (const digest of Object.values(images)) expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  for (const digest of [...Object.values(downloads), ...Object.values(wheels)]) expect(digest).toMatch(/^[0-9a-f]{64}$/);
  const unpinned = await unpinnedImages(ISTIO.images());
  expect(
    unpinned.filter((name) => images[name] !== undefined),
    LOCK_FILE,
  ).toEqual([]);
});

/** Locks that an editor, a merge or a full disk has damaged, and the reported problem. */
const DAMAGED: readonly [text: string, problem: RegExp][] = [
  ['', /is empty/],
  ['{"images": {', /JSON/],
  ['<<<<<<< HEAD', /JSON/],
  ['[]', /has no images/],
  ['{"images": {}, "downloads": []}', /has no downloads/],
  ['{"images": {"a:1": "latest"}, "downloads": {}, "wheels": {}}', /a:1 in images is not a SHA-256.*"latest"/],
  [`{"images": {}, "downloads": {"u": "sha256:${'0'.repeat(64)}"}, "wheels": {}}`, /u in downloads/],
  ['{"images": {}, "downloads": {}, "wheels": {"w": 7}}', /w in wheels.*: 7/],
  ['{"version": 2, "images": {}, "downloads": {}, "wheels": {}}', /an unknown part: version/],
  ['{"images": {}, "downloads": {}, "wheels": {}, "charts": {}}', /an unknown part: charts/],
];

test('Rejects a damaged lock instead of treating it as one without rows', async ({}, info) => {
  const file = info.outputPath('lock.json');
  await expect(readLock(file)).rejects.toMatchObject({ code: 'LOCK_INVALID', message: expect.stringContaining(`there is no ${file}`) });
  for (const [text, problem] of DAMAGED) {
    await writeFile(file, text);
    const refused = {
      code: 'LOCK_INVALID',
      exitCode: 2,
      hint: expect.stringContaining('git checkout'),
      message: expect.stringMatching(problem),
    };
    await expect.soft(readLock(file), text).rejects.toMatchObject(refused);
  }
  expect(await readLock(LOCK_FILE)).toEqual(await lock());
});
