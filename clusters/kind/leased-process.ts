import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';

import { MeshproofError } from '../errors.ts';
import { until } from '../until.ts';

/** Two pieces of bash. `undo` also follows an `apply` that failed halfway, and leaves what it found before. */
export interface Deed {
  apply: string;
  undo: string;
}

export interface LeaseOptions {
  /** Seconds of silence after which the process takes its deed back; default 10. */
  leaseS?: number;
  /** Seconds after which it takes it back although it is renewed; default 300. */
  limitS?: number;
}

const RENEWALS_PER_LEASE = 5;
/** For a program that starts, or takes its deed back, on a busy machine. */
const ANSWER_MS = 30_000;

/**
 * Does a deed, says so, and takes it back when its input ends, says `end`, or says nothing for the time of a lease: when whoever started it was killed,
 * or hangs, or can no longer reach it. A pipe that nobody reads must not end it before that.
 */
const HOLDER = String.raw`
lease=$1 limit=$2
undo() {
  trap '' HUP INT TERM; trap - EXIT
  set +e
  (set -e; @UNDO@) && echo undone
}
trap '' PIPE; trap undo EXIT; trap 'exit 1' HUP INT TERM
set -e
@APPLY@
echo done
while (( SECONDS < limit )) && read -r -t "$lease" line && [[ $line != end ]]; do :; done
`;

/** A deed on a node that lasts for as long as this process renews it, and no longer than its limit. */
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
   * Returns when the deed is done.
   * @param shell the program and its arguments before bash, e.g. `docker exec -i <node>`; none runs it on this machine
   * @throws MeshproofError `NODE_PROCESS` with what it said; what it had done in part is taken back then
   */
  static async start(
    { command, env = {} }: { command: readonly string[]; env?: Record<string, string> },
    { apply, undo }: Deed,
    { leaseS = 10, limitS = 300 }: LeaseOptions = {},
  ): Promise<LeasedProcess> {
    const program = HOLDER.replace('@UNDO@', () => undo).replace('@APPLY@', () => apply);
    const [file, ...args] = [...command, 'bash', '-c', program, 'meshproof', String(leaseS), String(limitS)];
    const process_ = new LeasedProcess(spawn(file, args, { env: { ...process.env, ...env } }), leaseS);
    try {
      await process_.#until('done');
    } catch (error) {
      process_.#stop();
      throw error;
    }
    return process_;
  }

  /** Whether the deed still lasts, as far as can be seen from here. */
  get lasts(): boolean {
    return !this.#ended && !this.#lines.includes('undone');
  }

  /** Returns when the deed has been taken back. @throws MeshproofError `NODE_PROCESS` when it has not said so */
  async end(): Promise<void> {
    this.#stop();
    await this.#until('undone');
  }

  #stop(): void {
    clearInterval(this.#renewing);
    this.#child.stdin.end('end\n');
  }

  async #until(line: string): Promise<void> {
    const said = await until(() => this.#lines.includes(line) || (this.#ended && 'ended'), {
      what: `the process on a node to say "${line}"`,
      timeoutMs: ANSWER_MS,
      everyMs: 20,
    });
    if (said === true) return;
    throw new MeshproofError('NODE_PROCESS', `a process on a node ended before it said "${line}": ${this.#complaint.trim()}`);
  }
}
