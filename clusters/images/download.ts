import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { pipeline } from 'node:stream/promises';

import { variable } from '../environment.ts';
import { causeOf, EXIT, MeshproofError } from '../errors.ts';
import type { TaskContext } from '../task-context.ts';
import { digestOf } from './cache.ts';
import { repeatedly, type Patience } from '../repeatedly.ts';

/** Without a byte for so long, a server is taken to be gone. */
const SILENCE_MS = 30_000;
const MOST_REDIRECTS = 5;

/**
 * Where a published file is fetched from: its own address, or below MESHPROOF_DOWNLOADS, where the same file is at `<host>/<path>` of its own address.
 * @throws MeshproofError `DOWNLOADS_ADDRESS` with exit code 2
 */
export function downloadAddress(address: string): string {
  const base = variable('MESHPROOF_DOWNLOADS');
  if (base === undefined) return address;
  // It may hold a password, so it is not shown.
  if (!URL.canParse(base) || !/^https?:/.test(base)) {
    throw new MeshproofError('DOWNLOADS_ADDRESS', 'MESHPROOF_DOWNLOADS is not an address that begins with https:// or http://', {
      exitCode: EXIT.usage,
    });
  }
  const { host, pathname } = new URL(address);
  return `${base.replace(/\/$/, '')}/${host}${pathname}`;
}

/** What went wrong with one attempt, and whether another may go better. */
class Attempt extends Error {
  readonly again: boolean;

  constructor(message: string, again: boolean) {
    super(message);
    this.again = again;
  }
}

/**
 * Fetches a published file to a path, and returns its SHA-256 in hexadecimal. What a server cannot give now is asked for again, a few times.
 * @throws MeshproofError `DOWNLOAD_FAILED` with what the server said; nothing is left at the path then
 */
export async function download(address: string, file: string, task: TaskContext, patience: Patience = {}): Promise<string> {
  const from = new URL(downloadAddress(address));
  task.progress?.(`downloading ${shown(from)}`);
  try {
    await repeatedly(async () => pipeline(await request(from, task), createWriteStream(file)), isWorthAgain, task, patience);
    return await digestOf(file);
  } catch (error) {
    await rm(file, { force: true });
    task.signal?.throwIfAborted();
    throw new MeshproofError('DOWNLOAD_FAILED', `${shown(from)} could not be downloaded: ${wordsOf(error)}`, {
      hint: 'check the network and HTTPS_PROXY; MESHPROOF_DOWNLOADS names a mirror of release pages',
      cause: error,
    });
  }
}

const isWorthAgain = (error: unknown): boolean => !(error instanceof Attempt) || error.again;

/** Node calls a connection that was cut "aborted". */
const wordsOf = (error: unknown): string => causeOf(error).replace(/^aborted$/, 'the connection ended before the file did');

/** An address without the password that may stand in a mirror's. */
function shown(url: URL): string {
  const { origin, pathname } = url;
  return `${origin}${pathname}`;
}

/** The answer with the file; redirects are followed. Proxies are those of the environment. */
async function request(url: URL, task: TaskContext, redirects = 0): Promise<http.IncomingMessage> {
  const { get, Agent } = url.protocol === 'http:' ? http : https;
  const agent = new Agent({ proxyEnv: process.env });
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const asked = get(url, { agent, timeout: SILENCE_MS, ...(task.signal === undefined ? {} : { signal: task.signal }) }, resolve);
    asked.on('error', reject).on('timeout', () => asked.destroy(new Attempt(`nothing came for ${SILENCE_MS / 1_000} s`, true)));
  });
  const { statusCode = 0, statusMessage = '', headers } = response;
  if (statusCode === 200) return response;
  response.resume();
  if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
    if (redirects === MOST_REDIRECTS) throw new Attempt('it is redirected in circles', false);
    return await request(nextAddress(url, headers.location), task, redirects + 1);
  }
  throw new Attempt(`${url.host} answered ${statusCode} ${statusMessage}`.trim(), statusCode === 429 || statusCode >= 500);
}

/** Where a redirect leads. One from TLS to none is not followed. */
export function nextAddress(from: URL, location: string): URL {
  const next = new URL(location, from);
  if (from.protocol === 'http:' || next.protocol === 'https:') return next;
  throw new Attempt(`${from.host} redirects to ${shown(next)}, without TLS`, false);
}
