import { join, resolve } from 'node:path';

import { execa } from 'execa';

export const PROJECT = resolve(import.meta.dirname, '../..');

export interface Said {
  stdout: string;
  stderr: string;
  exitCode: number | undefined;
}

/** The environment of the command: ours without what npm and Playwright put there for the tests themselves. */
function environment(more: Record<string, string>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|PLAYWRIGHT_|TEST_|PW_|FORCE_COLOR|DEBUG_COLORS|GITHUB_|MESHPROOF_)/.test(name),
  );
  return { ...Object.fromEntries(kept), NO_COLOR: '1', ...more };
}

/** Runs the real command in a process of its own. */
export async function meshproof(args: readonly string[], env: Record<string, string> = {}): Promise<Said> {
  return run(process.execPath, [join(PROJECT, 'scripts/meshproof.ts'), ...args], env);
}

/**
 * Runs many command lines one after another in one process, which costs little where each has little to do. What a process of its own does,
 * a test of its own with `meshproof` has to show.
 */
export async function eachInOneProcess(lines: readonly (readonly string[])[], env: Record<string, string> = {}): Promise<Said[]> {
  const { stdout, stderr } = await run(process.execPath, [join(PROJECT, 'test/cli/one-process.ts')], env, JSON.stringify(lines));
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Said[];
}

/** Runs npm in the project. */
export async function npm(args: readonly string[]): Promise<Said> {
  return run('npm', args, {});
}

async function run(program: string, args: readonly string[], env: Record<string, string>, input = ''): Promise<Said> {
  const { stdout, stderr, exitCode } = await execa(program, args, {
    cwd: PROJECT,
    env: environment(env),
    extendEnv: false,
    reject: false,
    input,
  });
  return { stdout, stderr, exitCode };
}
