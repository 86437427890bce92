import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, symlink } from 'node:fs/promises';
import http from 'node:http';
import { basename, join } from 'node:path';

import { expect, test as base } from '@playwright/test';

import { artifact, type Artifact } from '../../clusters/images/cache.ts';
import { download, downloadAddress, nextAddress } from '../../clusters/images/download.ts';
import { checksumIn, publishedChecksum, releaseArtifact, type Release } from '../../clusters/images/releases.ts';
import { pathOf } from '../../clusters/images/tools.ts';

const PROGRAM = '#!/bin/sh\necho tool v1.2.3\n';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A release page, with its response to a path and the requests that it received. */
interface Page {
  base: string;
  asked: string[];
  answer: (path: string, response: http.ServerResponse, times: number) => void;
}

const test = base.extend<{ site: Page; place: string }>({
  site: async ({}, use) => {
    const page: Page = { base: '', asked: [], answer: (_, response) => response.end(PROGRAM) };
    const server = http.createServer(({ url = '' }, response) => {
      page.asked.push(url);
      page.answer(url, response, page.asked.filter((one) => one === url).length);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    page.base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    process.env['MESHPROOF_DOWNLOADS'] = `${page.base}/`;
    await use(page);
    delete process.env['MESHPROOF_DOWNLOADS'];
    server.closeAllConnections();
    server.close();
  },
  place: async ({}, use, info) => {
    const place = info.outputPath('cache');
    process.env['MESHPROOF_CACHE'] = place;
    await use(place);
    delete process.env['MESHPROOF_CACHE'];
  },
});

const url = 'https://releases.example.com/v1.2.3/tool-linux-amd64';
const release: Release = () => ({ url, checksums: `${url}.sha256` });
const patience = { waitMs: 1 };

/** Responds like a release page, with this checksum. */
const serve =
  (checksum: string) =>
  (path: string, response: http.ServerResponse): void =>
    void response.end(path.endsWith('.sha256') ? `${checksum}  ${basename(url)}\n` : PROGRAM);

const published = async (): Promise<Artifact> =>
  (await releaseArtifact('tool', release)) ?? Promise.reject(new Error('for no such machine'));
const artifactsIn = (place: string): Promise<string[]> => readdir(join(place, 'artifacts')).catch(() => []);

test('Finds the files of a release page below its host on a mirror', () => {
  expect(downloadAddress(url)).toBe(url);
  process.env['MESHPROOF_DOWNLOADS'] = 'https://mirror.example.com/files/';
  expect(downloadAddress(url)).toBe('https://mirror.example.com/files/releases.example.com/v1.2.3/tool-linux-amd64');
  const refused = {
    'mirror.example.com': 'is not an https:// or http:// URL',
    'ftp://m.example.com': 'is not an https:// or http:// URL',
    'https://m.example.com/?a=b': 'contains a ?',
  };
  for (const [mirror, why] of Object.entries(refused)) {
    process.env['MESHPROOF_DOWNLOADS'] = mirror;
    expect(() => downloadAddress(url)).toThrow(why);
  }
  process.env['MESHPROOF_DOWNLOADS'] = ' HTTPS://Mirror.example.com// ';
  expect(downloadAddress(url)).toBe('https://mirror.example.com/releases.example.com/v1.2.3/tool-linux-amd64');
  delete process.env['MESHPROOF_DOWNLOADS'];
});

test("Downloads a published program once, and verifies it against its release's checksum", async ({ site: page, place }) => {
  page.answer = serve(sha256(PROGRAM));
  const folder = await artifact(await published(), {});
  expect(await readFile(join(folder, 'tool'), 'utf8')).toBe(PROGRAM);
  expect((await readdir(folder)).toSorted()).toEqual(['sealed.json', 'tool']);
  const asked = page.asked.length;
  const tool = { name: 'tool', versionArgs: [], fits: /never/, release };
  expect(await pathOf(tool, {})).toBe(join(folder, 'tool'));
  expect(page.asked.length).toBe(asked);
  expect(await artifactsIn(place)).toHaveLength(1);
});

test("Rejects and discards a program that does not match its release's checksum", async ({ site: page, place }) => {
  page.answer = serve(sha256('something else'));
  const refused = artifact(await published(), {});
  await expect(refused).rejects.toMatchObject({
    code: 'CHECKSUM_MISMATCH',
    message: expect.stringContaining(`has the SHA-256 ${sha256(PROGRAM)}, and ${url}.sha256 says ${sha256('something else')}`),
    hint: expect.stringContaining('the file was discarded'),
  });
  expect(await artifactsIn(place)).toEqual([]);
});

test('Rejects a release without a checksum of the file', async ({ site: page }) => {
  page.answer = serve('no checksum');
  await expect(artifact(await published(), {})).rejects.toMatchObject({ code: 'DOWNLOAD_UNFIT' });
});

test('Retries a few times if the server is busy or fails temporarily', async ({ site: page }, info) => {
  for (const status of [429, 500, 503]) {
    page.asked.length = 0;
    page.answer = (_, response, times) => {
      if (times < 3) response.statusCode = status;
      response.end(PROGRAM);
    };
    expect(await download(url, info.outputPath('file'), {}, patience)).toBe(sha256(PROGRAM));
    expect(page.asked).toHaveLength(3);
    page.answer = (_, response) => void response.writeHead(status).end();
    page.asked.length = 0;
    const given = download(url, info.outputPath('file'), {}, patience);
    await expect(given).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED', message: expect.stringContaining(`answered ${status}`) });
    expect(page.asked).toHaveLength(4);
  }
});

test('Gives up at once on an unreachable server if in a hurry, but not on a temporary error', async ({ site: page }, info) => {
  page.answer = (_, response, times) => void (times < 2 ? response.writeHead(503).end() : response.end(PROGRAM));
  expect(await download(url, info.outputPath('file'), {}, { ...patience, hurried: true })).toBe(sha256(PROGRAM));
  const said: string[] = [];
  const progress = (words: string): void => void said.push(words);
  for (const mirror of ['http://127.0.0.1:1', 'http://no-such-host.invalid']) {
    process.env['MESHPROOF_DOWNLOADS'] = mirror;
    const refused = download(url, info.outputPath('file'), { progress }, { ...patience, hurried: true });
    await expect.soft(refused, mirror).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
  }
  expect(said.filter((words) => words.startsWith('trying again'))).toEqual([]);
});

test('Does not retry a permanent refusal', async ({ site: page }, info) => {
  for (const status of [401, 403, 404]) {
    page.asked.length = 0;
    page.answer = (_, response) => void response.writeHead(status).end();
    const refused = download(url, info.outputPath('file'), {}, patience);
    await expect(refused).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED', message: expect.stringContaining(`answered ${status}`) });
    expect(page.asked).toHaveLength(1);
  }
});

test('Retries a truncated download, and never keeps it', async ({ site: page }, info) => {
  page.answer = (_, response, times) => {
    response.writeHead(200, { 'content-length': PROGRAM.length });
    if (times > 1) response.end(PROGRAM);
    else response.write(PROGRAM.slice(0, 10), () => response.destroy());
  };
  expect(await download(url, info.outputPath('whole'), {}, patience)).toBe(sha256(PROGRAM));
  page.answer = (_, response) => {
    response.writeHead(200, { 'content-length': PROGRAM.length });
    response.write(PROGRAM.slice(0, 10), () => response.destroy());
  };
  await expect(download(url, info.outputPath('half'), {}, patience)).rejects.toMatchObject({
    code: 'DOWNLOAD_FAILED',
    message: expect.stringContaining('ended before the file did'),
  });
  expect((await readdir(info.outputPath('.'))).filter((name) => name === 'half')).toEqual([]);
});

test('Follows redirects, but not in circles', async ({ site: page }, info) => {
  page.answer = (path, response) =>
    void (path.includes('elsewhere') ? response.end(PROGRAM) : response.writeHead(302, { location: '/elsewhere' }).end());
  expect(await download(url, info.outputPath('file'), {}, patience)).toBe(sha256(PROGRAM));
  page.answer = (path, response) => void response.writeHead(302, { location: path }).end();
  await expect(download(url, info.outputPath('file'), {}, patience)).rejects.toMatchObject({
    message: expect.stringContaining('too many redirects'),
  });
});

test('Takes no checksum from a mirror without TLS, which could have been altered together with the program', async ({}, info) => {
  process.env['MESHPROOF_DOWNLOADS'] = 'http://me:hush@mirror.example.com/files';
  const refused = publishedChecksum({ url, checksums: `${url}.sha256` }, info.outputPath('.'), {});
  await expect(refused).rejects.toMatchObject({ code: 'DOWNLOADS_ADDRESS', exitCode: 2, hint: expect.stringContaining('https://') });
  delete process.env['MESHPROOF_DOWNLOADS'];
});

test('Never follows a redirect from HTTPS to HTTP, and never shows the password of a mirror', async ({ site: page }, info) => {
  const { hostname, port } = new URL(page.base);
  process.env['MESHPROOF_DOWNLOADS'] = `http://me:hush@${hostname}:${port}`;
  const said: string[] = [];
  page.answer = (_, response) => void response.writeHead(404).end();
  const refused = await download(url, info.outputPath('file'), { progress: (text) => void said.push(text) }, patience).catch(String);
  expect(refused).toContain(`http://${hostname}:${port}/releases.example.com/`);
  expect([...said, refused].join()).not.toContain('hush');
  expect(() => nextAddress(new URL(url), 'http://elsewhere.example.com/x')).toThrow('without TLS');
  expect(nextAddress(new URL(url), '/x').href).toBe('https://releases.example.com/x');
  expect(nextAddress(new URL(page.base), `${page.base}/x`).href).toBe(`${page.base}/x`);
});

test('Says how to get a tool that can be neither downloaded nor built', async ({ site: page }) => {
  page.answer = (_, response) => void response.writeHead(404).end();
  const tool = { name: 'tool', versionArgs: [], fits: /never/, release };
  await expect(pathOf(tool, {})).rejects.toMatchObject({
    code: 'TOOL_UNAVAILABLE',
    message: expect.stringContaining('answered 404'),
    hint: expect.stringMatching(/put it on PATH, or .*MESHPROOF_DOWNLOADS/),
  });
});

test('Parses checksums of one file or of several', () => {
  const [a, b] = [sha256('a'), sha256('b')];
  expect(checksumIn(`${a}\n`, 'x')).toBe(a);
  expect(checksumIn(`${a}  bin/tool\n`, 'tool')).toBe(a);
  expect(checksumIn(`${a}  one\n${b} *two\n`, 'two')).toBe(b);
  expect(checksumIn(`${a}  one\n${b}  two\n`, 'three')).toBeUndefined();
  expect(checksumIn('<html>not found</html>', 'x')).toBeUndefined();
});

test('Reports a local file that cannot be written as such, without retrying', async ({ site: page }, info) => {
  test.skip(process.platform !== 'linux', 'needs /dev/full');
  // The rest of a failed download is removed: the link, not the device.
  const full = info.outputPath('full');
  await symlink('/dev/full', full);
  await expect(download(url, full, {}, patience)).rejects.toMatchObject({ code: 'ENOSPC' });
  await expect(download(url, '/no/such/folder/file', {}, patience)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(page.asked).toHaveLength(2);
});

test('Treats a proxy without a scheme as an HTTP proxy, and reports one of another kind', async ({ site: page }, info) => {
  const { host } = new URL(page.base);
  process.env['MESHPROOF_DOWNLOADS'] = 'http://mirror.test/';
  page.answer = (path, response) => void response.end(path);
  const before = process.env['HTTP_PROXY'];
  try {
    process.env['HTTP_PROXY'] = host;
    await download(url, info.outputPath('file'), {}, patience);
    expect(page.asked).toEqual(['http://mirror.test/releases.example.com/v1.2.3/tool-linux-amd64']);
    for (const proxy of ['socks5://me:hush@127.0.0.1:1', 'http://']) {
      process.env['HTTP_PROXY'] = proxy;
      const refused = await download(url, info.outputPath('file'), {}).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'DOWNLOAD_FAILED', message: expect.stringContaining('the proxy in HTTP_PROXY') });
      expect(String(refused)).not.toContain('hush');
    }
  } finally {
    if (before === undefined) delete process.env['HTTP_PROXY'];
    else process.env['HTTP_PROXY'] = before;
  }
});
