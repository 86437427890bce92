import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { execa } from 'execa';

import { identify } from '../../clusters/engine/processes.ts';
import { EXIT, MeshproofError } from '../../clusters/errors.ts';
import { withFolder } from '../../clusters/work-folder.ts';
import { specAt } from '../../fixtures/contract/catalogue.ts';
import type { RunSettings } from '../../fixtures/contract/settings.ts';
import { TRAITS_ANNOTATION, type Traits } from '../../fixtures/contract/traits.ts';
import { runnerEnvironment } from './runner-environment.ts';

const PROJECT = resolve(import.meta.dirname, '../..');
const COMMAND = [resolve(PROJECT, 'node_modules/@playwright/test/cli.js'), 'test', '-c', resolve(PROJECT, 'playwright.config.ts')];
/**
 * When a runner is stopped, it abandons its checks, and each worker's rig reverts what they applied. An unresponsive cluster must not delay
 * that for ever: what they do not revert is in the journal, which this process replays.
 */
const STOP_MS = 120_000;

export interface PlaywrightRun {
  args: readonly string[];
  settings: Partial<RunSettings>;
  signal: AbortSignal;
  /** Whether a person controls the runner, including from the keyboard. */
  interactive?: boolean;
}

/**
 * Runs Playwright on this process's terminal until it ends, and returns its exit code. When the signal aborts, it is asked once to stop its
 * checks. It has its own process group, because a second Ctrl-C from the terminal would end it in the middle of their clean-up.
 */
export async function runPlaywright({ args, settings, signal, interactive = false }: PlaywrightRun): Promise<number> {
  signal.throwIfAborted();
  const child = spawn(process.execPath, [...COMMAND, ...args], {
    cwd: PROJECT,
    env: { ...process.env, ...runnerEnvironment({ ...settings, parent: await identify(process.pid) }) },
    stdio: 'inherit',
    detached: !interactive,
  });
  let killing: NodeJS.Timeout | undefined;
  const kill = () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    if (interactive) child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  };
  const stop = () => {
    child.kill('SIGINT');
    killing = setTimeout(kill, STOP_MS);
  };
  signal.addEventListener('abort', stop, { once: true });
  process.once('exit', kill);
  try {
    const code = await new Promise<number | null>((resolve, reject) => child.once('exit', resolve).once('error', reject));
    return code ?? EXIT.unproven;
  } finally {
    clearTimeout(killing);
    signal.removeEventListener('abort', stop);
    process.removeListener('exit', kill);
  }
}

/** Options that do not affect which checks exist, and variables for the user's own use of the runner or of Node.js that would. */
const NOT_FOR_A_LIST = /^--(add-reporter=|global-timeout=|max-failures=|ui$|debug$|quiet$)/;
const NOT_FOR_LISTING = /^(PLAYWRIGHT_|PW|NODE_OPTIONS$|NODE_V8_COVERAGE$|FORCE_COLOR$|DEBUG$)/;

/** What the runner would run. */
export interface LoadedChecks {
  /** Number of tests; those outside the suites are no checks. */
  count: number;
  /** The checks: those of the chosen that its options, e.g. `--shard` and `--grep`, leave. */
  ids: ReadonlySet<string>;
  /** The traits of those checks that have any, by ID. */
  traits: Map<string, Traits>;
}

/**
 * Makes Playwright load the chosen specs without running them.
 * @throws MeshproofError with code `CHECKS_DO_NOT_LOAD` and the first errors, e.g. about a check without a manifest for the mesh
 */
export async function loadChecks({ args, settings, signal }: PlaywrightRun): Promise<LoadedChecks> {
  return withFolder('list', async (folder) => {
    const file = join(folder, 'list.json');
    const alone = args.filter((arg) => !NOT_FOR_A_LIST.test(arg));
    const unset = Object.keys(process.env).flatMap((name) => (NOT_FOR_LISTING.test(name) ? [[name, undefined] as const] : []));
    // A file, because specs, or the machine's own Node.js options, may write to standard output.
    const { all, exitCode } = await execa(process.execPath, [...COMMAND, ...alone, '--list', '--reporter=json'], {
      cwd: PROJECT,
      env: { ...Object.fromEntries(unset), ...runnerEnvironment({ ...settings, listing: true }), PLAYWRIGHT_JSON_OUTPUT_FILE: file },
      stdin: 'ignore',
      all: true,
      reject: false,
      cancelSignal: signal,
    });
    signal.throwIfAborted();
    return found(
      await readFile(file, 'utf8').catch(() => ''),
      all.trim() || `the test runner exited with ${exitCode} without listing the checks`,
    );
  });
}

function found(list: string, said: string): LoadedChecks {
  const listed = parseList(list);
  const errors = listed?.errors.map(({ message }) => message) ?? [said];
  if (listed === undefined || errors.some((message) => !message.includes('No tests found'))) {
    throw new MeshproofError('CHECKS_DO_NOT_LOAD', errors.slice(0, 3).join('\n'), {
      hint: listed === undefined ? 'npm test -- --list shows the same' : 'fix the spec; nothing was started',
      exitCode: EXIT.usage,
    });
  }
  const specs = specsOf(listed.suites);
  const tests = specs.flatMap((spec) => spec.tests);
  const ids = new Set(specs.flatMap(({ file }) => specAt(file)?.id ?? []));
  return { count: tests.length, ids, traits: new Map(tests.flatMap(traitsOf)) };
}

interface ListedTest {
  annotations: { type: string; description?: string }[];
}

interface ListedSpec {
  /** Relative to the suites folder. */
  file: string;
  tests: ListedTest[];
}

interface ListedSuite {
  specs: ListedSpec[];
  suites?: ListedSuite[];
}

interface Listed {
  suites: ListedSuite[];
  errors: { message: string }[];
}

function parseList(text: string): Listed | undefined {
  try {
    const listed: Listed = JSON.parse(text);
    return listed;
  } catch {
    return undefined;
  }
}

function specsOf(suites: readonly ListedSuite[]): ListedSpec[] {
  return suites.flatMap(({ specs, suites: inner = [] }) => [...specs, ...specsOf(inner)]);
}

function traitsOf({ annotations }: ListedTest): [string, Traits][] {
  const description = annotations.find(({ type }) => type === TRAITS_ANNOTATION)?.description;
  if (description === undefined) return [];
  const traits = JSON.parse(description) as Traits;
  return [[traits.id, traits]];
}
