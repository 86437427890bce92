import type { Options } from 'execa';

import { MeshproofError } from './errors.ts';
import type { TaskContext } from './task-context.ts';

export interface ExecOptions extends TaskContext {
  cwd?: string;
  /** Added to the environment of this process. */
  env?: Record<string, string>;
  input?: string | Uint8Array;
  timeoutMs?: number;
  /** What to do if it fails, for the error's hint. */
  hint?: string;
  /** Runs it in its own process group, so that Ctrl-C in the terminal does not reach it, and it outlives this process. */
  apart?: boolean;
}

/**
 * Runs one program to its end and returns its standard output, without the last line break. The program is terminated when `signal` aborts,
 * and killed 5 s later.
 * @throws MeshproofError with code `PROGRAM_MISSING`, `COMMAND_TIMED_OUT` or `COMMAND_FAILED`; the message contains the last lines of its
 * output
 */
export async function exec(command: string, args: readonly string[], options: ExecOptions = {}): Promise<string> {
  const shown = [command, ...args].join(' ').slice(0, 300);
  const settings: Options = {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    ...(options.apart === true ? { detached: true } : {}),
    forceKillAfterDelay: 5_000,
  };
  // Loaded with the first program, because listing checks runs none.
  const { execa, ExecaError } = await import('execa');
  try {
    const { stdout } = await execa(command, args, settings);
    return String(stdout);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof ExecaError)) throw error;
    const facts = { cause: error, ...(options.hint === undefined ? {} : { hint: options.hint }) };
    if (error.code === 'ENOENT') throw new MeshproofError('PROGRAM_MISSING', `${command} was not found`, facts);
    if (error.timedOut) throw new MeshproofError('COMMAND_TIMED_OUT', `${shown} did not end within ${options.timeoutMs} ms`, facts);
    const said = `${error.stderr ?? ''}\n${error.stdout ?? ''}`.trim().split('\n').slice(-8).join('\n');
    throw new MeshproofError('COMMAND_FAILED', `${shown} ended with ${error.exitCode ?? error.signal}: ${said}`, facts);
  }
}
