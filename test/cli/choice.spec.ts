import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from '@playwright/test';
import { execa } from 'execa';
import * as fc from 'fast-check';

import { encode } from '../../fixtures/contract/settings.ts';
import { runnerArguments, runnerOptions } from '../../scripts/run/runner-options.ts';
import { meshproof, meshproofProcess, PROJECT } from './run.ts';
import { specOf, test, writeSuites } from './suite-folder.ts';

const SUITES = {
  's/a.spec.ts': specOf('s/a', 'PASS'),
  's/b.spec.ts': specOf('s/b', 'PASS'),
  't/c.spec.ts': specOf('t/c', 'PASS'),
};
test.describe.configure({ timeout: 300_000 });

test('Keeps the selection next to options with optional values', async ({ folder }) => {
  const env = await writeSuites(folder, SUITES);
  const listed = await meshproofProcess(['test', '--suite=s', '--list', '--shuffle', '--debug', '-x'], env);
  expect(listed.stdout, listed.stderr).toContain('Total: 2 tests in 2 files');
  const plan = await meshproof(['test', '--check=s/b', '--dry-run', '--shuffle', '--debug'], env);
  expect(plan.exitCode, plan.stderr).toBe(0);
  expect(plan.stdout.match(/^check .*/gm)).toEqual(['check    s/b']);
});

test('Passes no word to the runner that it could mistake for a file, or that could swallow one', () => {
  const bare = runnerOptions().map((option) => option.attributeName());
  fc.assert(
    fc.property(fc.subarray(bare), (given) => {
      const args = runnerArguments(Object.fromEntries(given.map((name) => [name, true])));
      return args.every((arg) => arg.startsWith('-'));
    }),
  );
});

test('Does not declare a check that was not selected, whatever the runner is told', async ({ folder }) => {
  const spec = (id: string) => `import { check, unsupported } from ${JSON.stringify(join(PROJECT, 'fixtures/index.ts'))};
check('${id} does something', { control: { because: 'nothing is there', mustFail: { toSucceed: 'answered 403' } }, istio: unsupported('not here', '') }, async () => {});
`;
  const env = await writeSuites(folder, { 's/a.spec.ts': spec('a'), 's/b.spec.ts': spec('b') });
  await writeFile(join(folder, 'package.json'), '{"type": "module"}');
  const runner = [join(PROJECT, 'node_modules/@playwright/test/cli.js'), 'test', '-c', join(PROJECT, 'playwright.config.ts')];
  const list = async (chosen: Record<string, string>) => {
    const { stdout } = await execa(process.execPath, [...runner, '--list', '--reporter=list'], {
      env: { ...env, ...chosen },
      reject: false,
    });
    return stdout;
  };
  expect(await list(encode({ chosen: ['s/a'] }))).toContain('Total: 1 test in 1 file');
  expect(await list({}), 'an editor selects nothing').toContain('Total: 2 tests in 2 files');
});

test("Loads the checks whatever the environment contains, and overwrites nothing of the user's", async ({ folder }) => {
  const env = await writeSuites(folder, { ...SUITES, 's/a.spec.ts': `console.log('hello');\n${specOf('s/a', 'PASS')}` });
  const noise = join(folder, 'instrument.cjs');
  await writeFile(noise, "console.log('instrumented');\n");
  const theirs = join(folder, 'results.json');
  await writeFile(theirs, 'theirs');
  const more = {
    PLAYWRIGHT_JSON_OUTPUT_NAME: theirs,
    PLAYWRIGHT_JSON_OUTPUT_DIR: folder,
    PLAYWRIGHT_JSON_OUTPUT_FILE: theirs,
    PLAYWRIGHT_FORCE_TTY: '1',
    FORCE_COLOR: '1',
    PLAYWRIGHT_HTML_OPEN: 'always',
    NODE_OPTIONS: `--require ${JSON.stringify(noise)}`,
  };
  const { exitCode, stdout, stderr } = await meshproofProcess(['test', '--check=s/a', '--dry-run'], { ...env, ...more });
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toMatch(/^check +s\/a$/m);
  expect(await readFile(theirs, 'utf8')).toBe('theirs');
});
