import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { test as base } from '@playwright/test';

import { StandInApi } from '../kubernetes/stand-in-api.ts';
import { PROJECT } from './run.ts';

/**
 * Tests with a stand-in API server and a temporary folder, with a space and an umlaut in its name, in which specs find the project's
 * packages.
 */
export const test = base.extend<{ folder: string; server: StandInApi }>({
  // oxlint-disable-next-line no-empty-pattern -- the runner reads the names of what a fixture uses from this pattern
  server: async ({}, use) => {
    const server = await StandInApi.start();
    await use(server);
    await server.stop();
  },
  // oxlint-disable-next-line no-empty-pattern -- the runner reads the names of what a fixture uses from this pattern
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'meshproof cli ü-'));
    await symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
    await use(folder);
    await rm(folder, { recursive: true, force: true });
  },
});

/** Writes a suites folder and returns the environment that makes the command use it, isolated from the clusters of this machine. */
export async function writeSuites(folder: string, files: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const env = {
    MESHPROOF_SUITES: join(folder, 'suites'),
    MESHPROOF_CACHE: join(folder, 'cache'),
    MESHPROOF_REPORT: join(folder, 'report'),
  };
  for (const [path, text] of Object.entries(files)) {
    const file = join(env.MESHPROOF_SUITES, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  return env;
}

/** A spec that leaves a result as `check()` would. */
export function specOf(id: string, verdict: 'PASS' | 'FAIL'): string {
  const result = {
    id,
    suite: dirname(id),
    mesh: 'istio',
    title: 'a title',
    facts: {
      control: { state: 'red', reason: '' },
      check: verdict === 'PASS' ? { state: 'held', reason: '' } : { state: 'violated', reason: 'expected one, observed two' },
    },
    controlBecause: '',
    controlFindings: [],
    enforcementMs: null,
    durationMs: 1,
    statistics: [],
    evidence: [],
    rerun: `npm test -- --check=${id} --mesh=istio`,
  };
  return `import { test } from '@playwright/test';
test('a title', async ({}, info) => {
  // A worker must know whether checks are repeated, to keep their files apart.
  const result = { ...${JSON.stringify(result)}, controlBecause: 'repeated ' + info.project.repeatEach + ' times' };
  await info.attach('meshproof-result', { body: JSON.stringify(result), contentType: 'application/json' });
  ${verdict === 'PASS' ? '' : "throw new Error('expected one, observed two');"}
});
`;
}

/** Writes the description of a kept cluster where the command looks for one, and returns its folder. @param server its API server */
export async function describeCluster(folder: string, name: string, server?: StandInApi, provider = 'kind'): Promise<string> {
  const place = join(folder, 'cache-state', 'clusters', name);
  await mkdir(place, { recursive: true });
  const description = {
    name,
    provider,
    kubeconfig: join(place, 'kubeconfig'),
    context: server === undefined ? `kind-${name}` : 'stand-in',
    mesh: 'istio',
    rigs: ['rig-0'],
    versions: { istio: '1' },
    timings: { clusterMs: 5 },
  };
  await writeFile(join(place, 'cluster.json'), JSON.stringify(description));
  server?.writeKubeconfig(description.kubeconfig);
  return place;
}

/** Writes a kubeconfig with one context and returns its path. */
export async function writeKubeconfig(folder: string, context: string): Promise<string> {
  const file = join(folder, 'kubeconfig');
  await writeFile(file, JSON.stringify({ contexts: [{ name: context, context: { cluster: 'c', user: 'u' } }] }));
  return file;
}
