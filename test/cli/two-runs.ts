import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { test as base } from '@playwright/test';

import { StandInApi } from '../kubernetes/stand-in-api.ts';
import { meshproofProcess, PROJECT, type Said } from './run.ts';
import { describeCluster, specOf, writeSuites } from './suite-folder.ts';

/** A run, and its report at the end. */
interface Run extends Said {
  report: string;
}

/**
 * Two runs with one report folder: repetitions of a check in a shard on a cluster of meshproof, and on an existing one, compared with the
 * first.
 */
export interface TwoRuns {
  folder: string;
  env: Record<string, string>;
  server: StandInApi;
  /** Folder of the description of meshproof's cluster. */
  cluster: string;
  /** What the runner's own reporter wrote in the first run. */
  theirs: string;
  /** GitHub's summary of the second run. */
  summary: string;
  first: Run;
  second: Run;
}

/** Tests that share the two runs, which take most of a minute on a busy machine; a file of them needs mode `default`. */
export const test = base.extend<object, { runs: TwoRuns }>({
  runs: [
    // oxlint-disable-next-line no-empty-pattern -- the runner reads the names of what a fixture uses from this pattern
    async ({}, use) => {
      const folder = await mkdtemp(join(tmpdir(), 'meshproof cli ü-'));
      const server = await StandInApi.start();
      try {
        await symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
        await use(await twoRuns(folder, server));
      } finally {
        await server.stop();
        await rm(folder, { recursive: true, force: true });
      }
    },
    { scope: 'worker', timeout: 900_000 },
  ],
});

async function twoRuns(folder: string, server: StandInApi): Promise<TwoRuns> {
  const suites = { 's/a.spec.ts': specOf('s/a', 'PASS'), 's/b.spec.ts': specOf('s/b', 'PASS'), 't/c.spec.ts': specOf('t/c', 'PASS') };
  const env = await writeSuites(folder, { ...suites, 'planned.yaml': 'linkerd:\n  s/later: It will show something\n' });
  const cluster = await describeCluster(folder, 'meshproof-here', server);
  const report = join(folder, 'report');
  const theirs = join(folder, 'results.json');
  // The first of two shards contains two of the four runs of the check.
  const options = ['--repeat-each=4', '--reporter=json', '--nodes=9', '--workers=3', '--shard=1/2', '--timeout=0', '--shuffle'];
  const first = await meshproofProcess(['test', '--check=s/a', '--short', ...options], {
    ...env,
    PLAYWRIGHT_JSON_OUTPUT_FILE: theirs,
    PLAYWRIGHT_HTML_OPEN: 'always',
    NODE_OPTIONS: '--no-warnings',
  });
  await cp(report, join(folder, 'first'), { recursive: true });

  await writeFile(join(env['MESHPROOF_SUITES'] ?? '', 's/a.spec.ts'), specOf('s/a', 'FAIL'));
  const existing = await describeExisting(folder, server);
  const summary = join(folder, 'summary.md');
  const github = { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: folder, GITHUB_STEP_SUMMARY: summary };
  const compared = ['test', '--suite=s', `--against=${report}`, '--reporter=list,html', ...existing];
  const second = await meshproofProcess(compared, { ...env, ...github });
  return {
    folder,
    env,
    server,
    cluster,
    theirs,
    summary,
    first: { ...first, report: join(folder, 'first') },
    second: { ...second, report },
  };
}

/** Rigs that `up` left in an existing cluster. @returns the options by which a run finds them */
async function describeExisting(folder: string, server: StandInApi): Promise<string[]> {
  server.put('/api/v1/namespaces/kube-system', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'kube-system', uid: 'uid-of-theirs' },
  });
  server.intercept = ({ path }) => (path === '/version' ? { status: 200, body: { gitVersion: 'v1.35.4' } } : undefined);
  const name = 'meshproof-theirs';
  const place = join(folder, 'cache-state', 'clusters', name);
  await mkdir(place, { recursive: true });
  const description = {
    name,
    provider: 'existing',
    kubeconfig: server.writeKubeconfig(join(place, 'kubeconfig')),
    context: 'stand-in',
    mesh: 'istio',
    rigs: ['meshproof-theirs-rig-0'],
    preprovisioned: false,
    uid: 'uid-of-theirs',
    versions: { istio: '1' },
    timings: {},
  };
  await writeFile(join(place, 'cluster.json'), JSON.stringify(description));
  return ['--provider=existing', '--context=stand-in', `--kubeconfig=${description.kubeconfig}`];
}
