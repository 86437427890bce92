import { access, chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from '@playwright/test';
import { execa } from 'execa';

import { meshproof, PROJECT } from './run.ts';
import { specOf, test, writeSuites } from './suite-folder.ts';

const FILES = {
  'routing/canary.spec.ts': specOf('routing/canary', 'PASS'),
  'routing/mirror.spec.ts': specOf('routing/mirror', 'PASS'),
  'resilience/retry.spec.ts': specOf('resilience/retry', 'PASS'),
};

/** Command lines up to the cursor, and their candidates: all of them, or some. */
const OFFERED: readonly [string, readonly string[], ('all' | 'some')?][] = [
  ['te', ['test']],
  ['', ['test', 'up', 'down', 'doctor', 'rbac', 'completion'], 'some'],
  ['test --su', ['--suite']],
  ['test --suite r', ['resilience', 'routing']],
  ['test --suite=ro', ['--suite=routing']],
  ['test --suite routing,re', ['routing,resilience']],
  ['test --check routing/', ['routing/canary', 'routing/mirror']],
  ['test --mesh ', ['istio', 'linkerd']],
  ['test --mesh-version ', ['1.31', '1.30'], 'some'],
  ['test --under=c', ['--under=control-plane-down']],
  ['test --suite routing --mesh=i', ['--mesh=istio']],
  ['test --provider e', ['existing']],
  ['test --images ', ['auto', 'pull', 'build'], 'some'],
  ['doctor -', ['--output', '--help'], 'some'],
  ['watch --b', ['--budget']],
  ['completion ', ['bash', 'zsh', 'fish']],
  ['images ', ['list', 'build', 'save'], 'some'],
  ['nothing-like-this ', []],
];

test('Completes the last word of a command line', async ({ folder }) => {
  const env = await writeSuites(folder, FILES);
  for (const [typed, offered, how = 'all'] of OFFERED) {
    const { stdout, stderr, exitCode } = await meshproof(['complete', '--', ...typed.split(' ')], env);
    const words = stdout.split('\n').filter(Boolean);
    expect(words, typed).toEqual(how === 'all' ? offered : expect.arrayContaining([...offered]));
    expect([stderr, exitCode], typed).toEqual(['', 0]);
  }
});

async function present(shell: string): Promise<boolean> {
  return execa(shell, ['-c', 'true']).then(
    () => true,
    () => false,
  );
}

/** A program of that name on PATH, as an installed package would have it. */
async function installed(folder: string, env: Record<string, string>): Promise<Record<string, string>> {
  const file = join(folder, 'meshproof');
  await writeFile(file, `#!/bin/sh\nexec "${process.execPath}" "${join(PROJECT, 'scripts/meshproof.ts')}" "$@"\n`);
  await chmod(file, 0o755);
  return { ...env, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
}

/** Command lines, and what bash inserts after their last word break. */
const BASH: readonly [string, string][] = [
  ['meshproof te', 'test'],
  ['meshproof test --suite ro', 'routing'],
  ['meshproof test --suite=ro', 'routing'],
  ['meshproof test --check routing/m', 'routing/mirror'],
];

test('Completes command lines in a real bash', async ({ folder }) => {
  test.skip(!(await present('bash')), 'there is no bash');
  const env = await installed(folder, await writeSuites(folder, FILES));
  // Splits the line into words as readline does, which breaks them at = too.
  const script = `
    source <(meshproof completion bash)
    complete -p meshproof
    for line in "$@"; do
      COMP_LINE=$line COMP_POINT=\${#line}
      read -ra COMP_WORDS <<< "\${line//=/ = }"
      [[ $line == *' ' || $line == *= ]] && COMP_WORDS+=('')
      COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
      _meshproof
      echo "\${COMPREPLY[*]}"
    done`;
  const { stdout } = await execa('bash', ['--norc', '-c', script, 'bash', ...BASH.map(([line]) => line)], { env });
  expect(stdout.split('\n')).toEqual(['complete -o default -F _meshproof meshproof', ...BASH.map(([, offered]) => offered)]);
});

for (const [shell, check] of [
  ['zsh', ['-n']],
  ['fish', ['--no-execute']],
] as const) {
  test(`Generates a script that ${shell} can parse`, async ({ folder }) => {
    const { stdout, exitCode } = await meshproof(['completion', shell]);
    expect(stdout).toContain('meshproof');
    expect(exitCode).toBe(0);
    test.skip(!(await present(shell)), `there is no ${shell}`);
    const file = join(folder, 'script');
    await writeFile(file, stdout);
    await access(file);
    await execa(shell, [...check, file]);
  });
}
