import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from '@playwright/test';

import { readConformance } from '../../reporters/conformance-files.ts';
import { meshproof } from './run.ts';
import { describeCluster, specOf, test, writeSuites } from './suite-folder.ts';

test('options that do nothing here are said, a reporter of somebody’s own writes where he wants, each repetition is told, and a missing shard is loud', async ({
  folder,
  server,
}) => {
  test.setTimeout(240_000);
  const env = await writeSuites(folder, { 's/a.spec.ts': specOf('s/a', 'PASS'), 's/b.spec.ts': specOf('s/b', 'PASS') });
  await describeCluster(folder, 'meshproof-here', server);
  const theirs = join(folder, 'results.json');
  const report = join(folder, 'report');
  // Of four runs of the one check the first of two shards has two.
  const options = ['--repeat-each=4', '--reporter=json', '--nodes=9', '--workers=3', '--shard=1/2', '--timeout=0', '--shuffle'];
  const run = await meshproof(['test', '--check=s/a', ...options], {
    ...env,
    PLAYWRIGHT_JSON_OUTPUT_FILE: theirs,
    PLAYWRIGHT_HTML_OPEN: 'always',
    NODE_OPTIONS: '--no-warnings',
  });
  expect(run.stderr).toContain('warning: meshproof-here already exists, so --nodes=9 has no effect; --fresh creates a new one');
  expect(run.stderr).toContain('warning: meshproof-here has 1 rig: --workers=3 runs no more checks at once');
  expect(JSON.parse(await readFile(theirs, 'utf8'))).toMatchObject({ stats: { expected: expect.any(Number) } });
  const { checks, run: told } = await readConformance(join(report, 'conformance.json'));
  expect(checks.map(({ id, repetition }) => [id, repetition])).toEqual([
    ['s/a', 1],
    ['s/a', 2],
  ]);
  expect(told.environment['shard']).toBe('1/2');
  expect(existsSync(join(report, 'earlier.json'))).toBe(false);

  const into = join(folder, 'merged');
  const merged = await meshproof(['report', report, join(folder, 'shard-2'), '--into', into], env);
  expect(merged.exitCode, merged.stderr).toBe(3);
  expect(merged.stderr).toMatch(/error: shard 2\/2 has no report/);
  expect(merged.stderr).toMatch(/error: .*shard-2 contains no report/);
  expect((await readConformance(join(into, 'conformance.json'))).checks).toHaveLength(2);
  expect(await readFile(join(into, 'junit.xml'), 'utf8')).toMatch(/<error /);
});
