import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';

import { MeshproofError } from '../errors.ts';
import { until } from '../until.ts';

/** Two pieces of Bash: `apply` changes something, and `revert` restores the previous state, also after an `apply` that failed halfway. */
export interface ReversibleScript {
  apply: string;
  revert: string;
}

export interface LeaseOptions {
  /** Seconds without a renewal after which the process reverts its change; default 10. */
  leaseS?: number;
  /** Seconds after which the process reverts its change even if renewed; default 300. */
  limitS?: number;
}

const RENEWALS_PER_LEASE = 5;
/** Time for a process on a busy machine to start, or to revert its change. */
const ANSWER_MS = 30_000;

/**
 * Applies a change, reports it, and reverts it when its input ends, when it reads `end`, or when it reads nothing for the length of a
 * lease: the process that started it was killed, hangs, or has lost the connection. A broken output pipe must not end it earlier.
 */
const HOLDER = String.raw`
lease=$1 limit=$2
revert() {
  trap '' HUP INT TERM; trap - EXIT
  set +e
  (set -e; @REVERT@) && echo reverted
}
trap '' PIPE; trap revert EXIT; trap 'exit 1' HUP INT TERM
set -e
@APPLY@
echo applied
while (( SECONDS < limit )) && read -r -t "$lease" line && [[ $line != end ]]; do :; done
`;

/** A change on a node that lasts while this process renews its lease, but no longer than its limit. */
export class LeasedProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #renewing: NodeJS.Timeout;
  readonly #lines: string[] = [];
  #complaint = '';
  #ended = false;

  private constructor(child: ChildProcessWithoutNullStreams, leaseS: number) {
    this.#child = child;
    child.stderr.on('data', (part: Buffer) => (this.#complaint += part.toString()));
    child.on('error', (error) => (this.#complaint += error.message));
    child.stdin.on('error', () => undefined);
    child.once('close', () => (this.#ended = true));
    createInterface(child.stdout).on('line', (line) => this.#lines.push(line));
    this.#renewing = setInterval(() => child.stdin.write('\n'), (leaseS * 1_000) / RENEWALS_PER_LEASE).unref();
  }

  /**
   * Returns when the change is applied.
   * @param shell the command to run bash with, e.g. `docker exec -i <node>`; empty to run it on this machine
   * @throws MeshproofError `NODE_PROCESS` with the error output; a partly applied change is reverted
   */
  static async start(
    { command, env = {} }: { command: readonly string[]; env?: Record<string, string> },
    { apply, revert }: ReversibleScript,
    { leaseS = 10, limitS = 300 }: LeaseOptions = {},
  ): Promise<LeasedProcess> {
    const program = HOLDER.replace('@REVERT@', () => revert).replace('@APPLY@', () => apply);
    const [file, ...args] = [...command, 'bash', '-c', program, 'meshproof', String(leaseS), String(limitS)];
    const process_ = new LeasedProcess(spawn(file, args, { env: { ...process.env, ...env } }), leaseS);
    try {
      await process_.#until('applied');
    } catch (error) {
      process_.#stop();
      throw error;
    }
    return process_;
  }

  /** Whether the change is still in effect, as far as this process knows. */
  get lasts(): boolean {
    return !this.#ended && !this.#lines.includes('reverted');
  }

  /** Returns when the change is reverted. @throws MeshproofError `NODE_PROCESS` if the process did not confirm that */
  async end(): Promise<void> {
    this.#stop();
    await this.#until('reverted');
  }

  #stop(): void {
    clearInterval(this.#renewing);
    this.#child.stdin.end('end\n');
  }

  async #until(line: string): Promise<void> {
    const said = await until(() => this.#lines.includes(line) || (this.#ended && 'ended'), {
      what: `a process on a node to print "${line}"`,
      timeoutMs: ANSWER_MS,
      everyMs: 20,
    });
    if (said === true) return;
    throw new MeshproofError('NODE_PROCESS', `a process on a node ended before it printed "${line}": ${this.#complaint.trim()}`);
  }
}
