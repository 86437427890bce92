import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { pipeline } from 'node:stream/promises';

import { variable } from '../environment.ts';
import { causeOf, EXIT, MeshproofError } from '../errors.ts';
import { proxyFor } from '../kubernetes/proxy.ts';
import type { TaskContext } from '../task-context.ts';
import { digestOf } from './cache.ts';
import { repeatedly, type Patience } from '../repeatedly.ts';

/** A server that has sent nothing for this long is considered unavailable. */
const SILENCE_MS = 30_000;
const MOST_REDIRECTS = 5;

/**
 * The URL from which a published file is downloaded: its own, or that of the mirror MESHPROOF_DOWNLOADS, at `<mirror>/<host>/<path>`.
 * @throws MeshproofError `DOWNLOADS_ADDRESS` with exit code 2
 */
export function downloadAddress(address: string): string {
  const mirror = requireDownloads();
  if (mirror === undefined) return address;
  const { host, pathname } = new URL(address);
  mirror.pathname = `${mirror.pathname.replace(/\/+$/, '')}/${host}${pathname}`;
  return mirror.href;
}

/**
 * The mirror in MESHPROOF_DOWNLOADS; undefined if it is not set. Call it before anything is started, to report an invalid value early.
 * @throws MeshproofError `DOWNLOADS_ADDRESS` with exit code 2
 */
export function requireDownloads(): URL | undefined {
  const base = variable('MESHPROOF_DOWNLOADS');
  if (base === undefined) return undefined;
  // The message does not quote it, because it may contain a password.
  const refuse = (why: string) =>
    new MeshproofError('DOWNLOADS_ADDRESS', `MESHPROOF_DOWNLOADS ${why}`, { hint: HINT, exitCode: EXIT.usage });
  const url = URL.canParse(base) ? new URL(base) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw refuse('is not an https:// or http:// URL');
  if (url.search !== '' || url.hash !== '') throw refuse('contains a ? or #, after which no path can be appended');
  return url;
}

const HINT = 'set it to the URL of a mirror, e.g. https://mirror.example.com/files, from which https://HOST/PATH is fetched as HOST/PATH';

/** The failure of one attempt, and whether another attempt may succeed. */
class Attempt extends Error {
  readonly again: boolean;

  constructor(message: string, again: boolean) {
    super(message);
    this.again = again;
  }
}

export interface DownloadOptions extends Patience {
  /** Whether to give up at once if the server cannot be reached; its temporary errors are retried nevertheless. */
  hurried?: boolean;
}

/**
 * Downloads a published file to a path, and returns its SHA-256 in hexadecimal. Temporary failures are retried a few times.
 * @throws MeshproofError `DOWNLOAD_FAILED` with the server's response; nothing is left at the path then
 */
export async function download(
  address: string,
  file: string,
  task: TaskContext,
  { hurried = false, ...patience }: DownloadOptions = {},
): Promise<string> {
  const from = new URL(downloadAddress(address));
  const again = (error: unknown): boolean => isWorthAgain(error) && !(hurried && isUnreached(error));
  task.progress?.(`downloading ${shown(from)}`);
  try {
    await repeatedly(async () => pipeline(await request(from, task), createWriteStream(file)), again, task, patience);
    return await digestOf(file);
  } catch (error) {
    await rm(file, { force: true });
    task.signal?.throwIfAborted();
    if (isOfTheDisk(error)) throw error;
    throw new MeshproofError('DOWNLOAD_FAILED', `${shown(from)} could not be downloaded: ${wordsOf(error)}`, {
      hint: 'check the network and HTTPS_PROXY; MESHPROOF_DOWNLOADS names a mirror of release pages',
      cause: error,
    });
  }
}

/** Whether a local file could not be written, so that neither another attempt nor a mirror would help. */
function isOfTheDisk(error: unknown): boolean {
  const { code = '', path } = error as NodeJS.ErrnoException;
  return path !== undefined || code === 'ENOSPC' || code === 'EDQUOT';
}

const isWorthAgain = (error: unknown): boolean => (error instanceof Attempt ? error.again : !isOfTheDisk(error));

/** Whether the server does not exist or refuses connections, or its proxy. */
const isUnreached = (error: unknown): boolean =>
  /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH)$/.test((error as NodeJS.ErrnoException).code ?? '');

/** Node.js reports a lost connection as "aborted". */
const wordsOf = (error: unknown): string => causeOf(error).replace(/^aborted$/, 'the connection ended before the file did');

/** A URL without the password that a mirror's may contain. */
function shown(url: URL): string {
  const { origin, pathname } = url;
  return `${origin}${pathname}`;
}

/** The response with the file. Redirects are followed, and the proxies of the environment are used. */
async function request(url: URL, task: TaskContext, redirects = 0): Promise<http.IncomingMessage> {
  const { get } = url.protocol === 'http:' ? http : https;
  const agent = agentFor(url);
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const asked = get(url, { agent, timeout: SILENCE_MS, ...(task.signal === undefined ? {} : { signal: task.signal }) }, resolve);
    asked.on('error', reject).on('timeout', () => asked.destroy(new Attempt(`no data was received for ${SILENCE_MS / 1_000} s`, true)));
  });
  const { statusCode = 0, statusMessage = '', headers } = response;
  if (statusCode === 200) return response;
  response.resume();
  if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
    if (redirects === MOST_REDIRECTS) throw new Attempt('there were too many redirects', false);
    return await request(nextAddress(url, headers.location), task, redirects + 1);
  }
  throw new Attempt(`${url.host} answered ${statusCode} ${statusMessage}`.trim(), statusCode === 429 || statusCode >= 500);
}

/** The agent for a URL, with its proxy from the environment, if any. Node.js would ignore an unusable proxy, or one without a scheme. */
export function agentFor(url: URL): http.Agent {
  const { Agent } = url.protocol === 'http:' ? http : https;
  const proxy = proxyFor(url);
  if (proxy === undefined) return new Agent();
  if (URL.canParse(proxy) && /^https?:$/.test(new URL(proxy).protocol))
    return new Agent({ proxyEnv: { [`${url.protocol.slice(0, -1)}_proxy`]: proxy } });
  throw new Attempt(`the proxy in ${url.protocol.slice(0, -1).toUpperCase()}_PROXY is not an http:// or https:// URL`, false);
}

/** The target of a redirect. Redirects from HTTPS to HTTP are not followed. */
export function nextAddress(from: URL, location: string): URL {
  const next = new URL(location, from);
  if (from.protocol === 'http:' || next.protocol === 'https:') return next;
  throw new Attempt(`${from.host} redirects to ${shown(next)}, without TLS`, false);
}
