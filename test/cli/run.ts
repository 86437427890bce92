import { join, resolve } from 'node:path';

import { execa } from 'execa';

import { run as runCommand } from '../../scripts/program.ts';

export const PROJECT = resolve(import.meta.dirname, '../..');

export interface Said {
  stdout: string;
  stderr: string;
  exitCode: number | undefined;
}

/** The environment of the command: this process's without what npm and Playwright set for the tests. */
function environment(more: Record<string, string>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|PLAYWRIGHT_|TEST_|PW_|FORCE_COLOR|DEBUG_COLORS|GITHUB_|MESHPROOF_)/.test(name),
  );
  return { ...Object.fromEntries(kept), NO_COLOR: '1', ...more };
}

/**
 * Runs a command line in this process, which has loaded the command already. Some behaviour needs `meshproofProcess`: signals, lost output,
 * start-up, and the output of the test runner, which bypasses what is captured here.
 */
export async function meshproof(args: readonly string[], env: Record<string, string> = {}): Promise<Said> {
  const said = { stdout: '', stderr: '' };
  const before = { env: { ...process.env }, exitCode: process.exitCode };
  const listeners = LISTENED.map(([emitter, event]) => emitter.listeners(event));
  const write = { stdout: process.stdout.write.bind(process.stdout), stderr: process.stderr.write.bind(process.stderr) };
  try {
    setEnvironment(environment(env));
    for (const name of ['stdout', 'stderr'] as const) {
      process[name].write = (chunk: string | Uint8Array): boolean => {
        said[name] += chunk.toString();
        return true;
      };
    }
    await runCommand(args);
    return { stdout: said.stdout.trimEnd(), stderr: said.stderr.trimEnd(), exitCode: Number(process.exitCode) };
  } finally {
    Object.assign(process.stdout, { write: write.stdout });
    Object.assign(process.stderr, { write: write.stderr });
    setEnvironment(before.env);
    process.exitCode = before.exitCode;
    for (const [index, [emitter, event]] of LISTENED.entries()) {
      const added = emitter.listeners(event).filter((listener) => listeners[index]?.includes(listener) !== true);
      for (const listener of added) emitter.removeListener(event, listener as () => void);
    }
  }
}

/** Events to which a command that can be interrupted listens until its process ends. */
const LISTENED: readonly [NodeJS.EventEmitter, string][] = [
  ...['SIGINT', 'SIGTERM', 'SIGHUP'].map((event): [NodeJS.EventEmitter, string] => [process, event]),
  [process.stdout, 'error'],
  [process.stderr, 'error'],
];

function setEnvironment(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) if (env[name] === undefined) delete process.env[name];
  Object.assign(process.env, env);
}

/** Runs the real command in its own process. */
export async function meshproofProcess(args: readonly string[], env: Record<string, string> = {}): Promise<Said> {
  return run(process.execPath, [join(PROJECT, 'scripts/meshproof.ts'), ...args], env);
}

/** Runs npm in the project. */
export async function npm(args: readonly string[]): Promise<Said> {
  return run('npm', args, {});
}

async function run(program: string, args: readonly string[], env: Record<string, string>): Promise<Said> {
  const { stdout, stderr, exitCode } = await execa(program, args, {
    cwd: PROJECT,
    env: environment(env),
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  });
  return { stdout, stderr, exitCode };
}
