import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { variable } from '../../clusters/environment.ts';
import { exec } from '../../clusters/exec.ts';
import { homeFolder } from '../../clusters/paths.ts';
import { answerOf, reasonOf } from './answer.ts';
import { inTime, judge, type Finding } from './finding.ts';

const PATIENCE_MS = 1_300;
const category = 'packages';

/** A package manager, where it fetches from (undefined: it does not say), and what for. */
interface Source {
  check: string;
  /** What it provides, as the completion of "needed for …". */
  needed: string;
  address: (signal: AbortSignal) => Promise<string | undefined>;
}

const SOURCES: readonly Source[] = [
  { check: 'the npm registry', needed: 'npm ci', address: npmRegistry },
  {
    check: 'Go modules',
    needed: 'building Kubernetes and the mesh where no image registry answers',
    address: async (signal) => firstOf(await printed('go', ['env', 'GOPROXY'], signal)),
  },
  { check: 'Python packages', needed: 'building proxies where no image registry answers', address: pipIndex },
  { check: 'packages of the distribution', needed: 'building the node image where no image registry answers', address: aptSource },
];

/**
 * Whether everything needed can be fetched from the configured sources. They are queried in parallel, for a second.
 * @param complete whether every image is built already, so that nothing needs to be fetched
 */
export async function reachFindings(complete: boolean): Promise<Finding[]> {
  // The time limit includes the commands that report the addresses.
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const findings = await Promise.all(SOURCES.map((source) => reach(source, complete, signal)));
  return findings.flat();
}

async function reach({ check, needed, address }: Source, complete: boolean, signal: AbortSignal): Promise<Finding[]> {
  const url = await inTime(address(signal), signal);
  const about = { category, check: `${check} can be reached` };
  if (url === undefined || !URL.canParse(url)) {
    const why = signal.aborted ? 'its configuration could not be read in time' : 'no address is configured';
    return [{ ...about, status: 'ok', seen: `not checked: ${why}` }];
  }
  const { origin } = new URL(url);
  const failure = await sourceFailure(new URL(url), signal);
  if (failure === undefined) return [{ ...about, status: 'ok', seen: origin }];
  if (complete) return [{ ...about, status: 'ok', seen: `${origin}: ${failure}; nothing needs to be fetched` }];
  return [
    judge(
      { ...about, seen: `${origin}: ${failure}` },
      false,
      'warning',
      `needed for ${needed}; check its configuration, including proxies`,
    ),
  ];
}

/** Why no response comes from a URL; undefined if any does. */
export async function sourceFailure(url: URL, signal: AbortSignal): Promise<string | undefined> {
  return await answerOf(url, { method: 'HEAD', signal }).then(
    () => undefined,
    (error: unknown) => (signal.aborted ? 'no answer' : reasonOf(error)),
  );
}

async function printed(program: string, args: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  const text = (await exec(program, args, { signal })).trim();
  return text === '' || text === 'undefined' ? undefined : text;
}

/** From npm's environment or the user's file; npm itself is asked last, because it takes half a second to start. */
async function npmRegistry(signal: AbortSignal): Promise<string | undefined> {
  const file = variable('NPM_CONFIG_USERCONFIG') ?? join(homeFolder(), '.npmrc');
  const written = /^registry\s*=\s*(\S+)/m.exec(await readFile(file, 'utf8').catch(() => ''))?.[1];
  const configured = variable('npm_config_registry') ?? variable('NPM_CONFIG_REGISTRY') ?? written;
  return configured ?? (await printed('npm', ['config', 'get', 'registry'], signal));
}

/** GOPROXY is a list separated by commas and bars; `off` and `direct` are not addresses. */
function firstOf(list: string | undefined): string | undefined {
  return list?.split(/[,|]/).find((one) => one !== 'off' && one !== 'direct');
}

async function pipIndex(signal: AbortSignal): Promise<string | undefined> {
  const configured = variable('PIP_INDEX_URL');
  if (configured !== undefined) return configured;
  return /\bindex-url='?([^'\s]+)/.exec((await printed('pip3', ['config', 'list'], signal)) ?? '')?.[1];
}

/** The first address in apt's sources, in either of their two formats. */
async function aptSource(): Promise<string | undefined> {
  const folder = '/etc/apt/sources.list.d';
  const files = ['/etc/apt/sources.list', ...(await readdir(folder).catch((): string[] => [])).map((name) => join(folder, name))];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return /^(?:deb(?:\s+\[[^\]]*\])?|URIs:)\s+(\S+)/m.exec(texts.join('\n'))?.[1];
}
