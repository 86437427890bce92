import { existsSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from '@playwright/test';

import { consoleFor, runnerEnvironment } from '../../scripts/run/runner-environment.ts';
import { meshproof } from './run.ts';
import { describeCluster, specOf, test, writeSuites } from './suite-folder.ts';

test('who else tells of each check on the console decides what we tell', () => {
  const told = [consoleFor(false), consoleFor(false, 'html,github'), consoleFor(false, 'html,list'), consoleFor(true, 'list')];
  expect(told).toEqual(['all', 'all', 'others', 'short']);
});

test("the runner's HTML report never serves itself", () => {
  expect(runnerEnvironment({ report: '/r' })).toMatchObject({ PLAYWRIGHT_HTML_OPEN: 'never', PLAYWRIGHT_HTML_OUTPUT_DIR: '/r/playwright' });
});

test('a run compares with an earlier one in the same folder, tells GitHub, and leaves the runner’s own reports beside', async ({
  folder,
  server,
}) => {
  test.setTimeout(180_000);
  const env = await writeSuites(folder, {
    's/a.spec.ts': specOf('s/a', 'PASS'),
    's/b.spec.ts': specOf('s/b', 'PASS'),
    't/c.spec.ts': specOf('t/c', 'PASS'),
  });
  await writeFile(join(env['MESHPROOF_SUITES'] ?? '', 'planned.yaml'), 'linkerd:\n  s/later: It will show something\n');
  await describeCluster(folder, 'meshproof-here', server);
  const report = join(folder, 'report');
  const first = await meshproof(['test', '--suite=s', '--short'], env);
  expect(first.stdout.split('\n')).toEqual([
    'meshproof PASS: 2 of 2 checks proven able to fail',
    '1 check not selected for this run',
    '1 behaviour not tested yet: 1 for linkerd',
    `node ${process.versions.node}, istio 1`,
    '2 passed, 0 failed, 0 skipped',
  ]);
  await writeFile(join(env['MESHPROOF_SUITES'] ?? '', 's/b.spec.ts'), specOf('s/b', 'FAIL'));
  const summary = join(folder, 'summary.md');
  const github = { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: folder, GITHUB_STEP_SUMMARY: summary };
  const second = await meshproof(['test', '--suite=s', `--against=${report}`, '--reporter=list,html'], { ...env, ...github });
  const lines = second.stdout.split('\n');
  expect(lines).toContain(
    '::error file=suites/s/b.spec.ts,line=2,title=FAIL s/b (istio)::promise: a title%0Aobserved: expected one, observed two%0Arerun: npm test',
  );
  expect(second.stdout, 'the list reporter').toMatch(/^ *✘ +\d+ .*s\/b\.spec\.ts:2:1 › a title/m);
  expect(lines, 'what another reporter tells is not told again').not.toContainEqual(expect.stringMatching(/^PASS /));
  expect(lines).toContain('  promise     a title');
  expect(second.stdout).toMatch(/^1 regressed since run [0-9a-f]{8} of \d{4}-\d\d-\d\d$/m);
  expect(lines).toContain('  regressed  s/b (istio): PASS, now FAIL');
  expect(lines.at(-1)).toBe('1 passed, 1 failed, 0 skipped');
  expect(second.stdout).not.toContain('\u001B');
  expect(await readFile(summary, 'utf8')).toBe(`${await readFile(join(report, 'conformance.md'), 'utf8')}\n`);
  expect(existsSync(join(report, 'playwright', 'index.html'))).toBe(true);

  await cp(report, join(folder, 'before'), { recursive: true });
  const again = await meshproof(['report', report, '--against', join(folder, 'before'), '--short'], env);
  expect(again.stdout).toMatch(/^1 still failing since run/m);
  expect(again.stdout).toMatch(/^rerun: npm test -- --check=s\/b --mesh=istio$/m);
});
