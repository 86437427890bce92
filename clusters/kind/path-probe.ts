import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';

import { MeshproofError } from '../errors.ts';
import { CLOCK } from './delayer.ts';

/** State of a TCP connection. `silent`: no answer in time. */
type PathState = 'open' | 'refused' | 'reset' | 'closed' | 'silent';

/** One measurement of a path. */
export interface PathLook {
  /**
   * State of a connection that was opened before the measurement. If it was found broken, the next measurement uses the latest new one. If it is not
   * tested, its last known state.
   */
  old: PathState;
  /** State of a new connection. */
  fresh: PathState;
  /** Milliseconds until the new connection was open or had failed. */
  ms: number;
}

/** How long one measurement waits for an answer, in milliseconds. */
const SILENCE_MS = 1_000;
/** How long the program may take to answer on a busy machine. An engine that hangs must not block the cleanup. */
const ANSWER_MS = 30_000;

/**
 * Opens a connection and keeps it. For each line of input it tests whether the peer acknowledges data on that connection, unless the line is
 * `fresh`, opens a new connection, and prints both states. The peer's kernel acknowledges, whatever program listens there. The layout of TCP_INFO
 * is that of linux/tcp.h.
 */
const PROBE = String.raw`
use strict; use Socket; use Fcntl;
${CLOCK}
my ($host, $port, $wait) = (@ARGV[0, 1], $ARGV[2] / 1000);
sub stateOf {
  my ($code) = @_;
  local $! = $code;
  return $code == 0 ? "open" : $!{ECONNREFUSED} ? "refused" : $!{ECONNRESET} || $!{EPIPE} ? "reset" : "silent";
}
sub opened {
  socket(my $s, PF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
  fcntl($s, F_SETFL, O_NONBLOCK);
  my $from = now();
  my $state = connect($s, pack_sockaddr_in($port, inet_aton($host))) ? "open" : $!{EINPROGRESS} ? undef : stateOf($!);
  if (!defined $state) {
    vec(my $out = "", fileno($s), 1) = 1;
    $state = select(undef, $out, undef, $wait) > 0 ? stateOf(unpack("i", getsockopt($s, SOL_SOCKET, SO_ERROR))) : "silent";
  }
  return ($state, $s, 1000 * (now() - $from));
}
sub looked {
  my ($s) = @_;
  my $until = now() + $wait;
  send($s, "GET / HTTP/1.1\r\nhost: probe\r\n\r\n", 0x4000) // return stateOf($!);
  do {
    my $error = unpack("i", getsockopt($s, SOL_SOCKET, SO_ERROR));
    return stateOf($error) if $error;
    my $got = recv($s, my $some, 65536, 0);
    return "closed" if defined $got && $some eq "";
    return "open" if (unpack("x24 L", getsockopt($s, 6, 11)))[0] == 0;
    select(undef, undef, undef, 0.02);
  } while (now() < $until);
  return "silent";
}
my ($state, $old) = opened();
$| = 1; print "$state\n";
while (my $line = <STDIN>) {
  my $before = $state eq "open" && $line ne "fresh\n" ? looked($old) : $state;
  my ($fresh, $s, $ms) = opened();
  printf "%s %s %.1f\n", $before, $fresh, $ms;
  ($state, $old) = ($fresh, $s) if $before ne "open" && $fresh eq "open";
}
`;

/** Where a probe runs. */
export interface PathStart {
  /** The command that runs a program there, e.g. `docker exec -i <node>`. */
  command: readonly string[];
  env?: Record<string, string>;
}

/** Measures repeatedly whether an address is reachable from a node or pod. */
export class PathProbe {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #answerMs: number;
  #complaint = '';

  private constructor(child: ChildProcessWithoutNullStreams, answerMs: number) {
    this.#child = child;
    this.#answerMs = answerMs;
    child.stderr.on('data', (part: Buffer) => (this.#complaint += part.toString()));
    child.on('error', (error) => (this.#complaint += error.message));
    child.stdin.on('error', () => undefined);
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  }

  /**
   * @param answerMs how long each measurement may take
   * @throws MeshproofError `NODE_PROCESS` if the address is not reachable at first, or the program cannot run
   */
  static async open(
    { command, env = {} }: PathStart,
    { host, port }: { host: string; port: number },
    answerMs = ANSWER_MS,
  ): Promise<PathProbe> {
    const [file, ...args] = [...command, 'perl', '-MErrno', '-e', PROBE, host, String(port), String(SILENCE_MS)];
    const probe = new PathProbe(spawn(file, args, { env: { ...process.env, ...env } }), answerMs);
    const state = await probe.#line();
    if (state === 'open') return probe;
    probe.close();
    throw new MeshproofError('NODE_PROCESS', `a connection to ${host}:${port} was ${state} before its path was changed`);
  }

  /**
   * @param kept whether to test the old connection too: this sends a request, which the program that listens there may answer, count and log
   * @throws MeshproofError `NODE_PROCESS` if the program has ended, or does not answer in time
   */
  async look({ kept = true }: { kept?: boolean } = {}): Promise<PathLook> {
    this.#child.stdin.write(kept ? '\n' : 'fresh\n');
    const [old, fresh, ms] = (await this.#line()).split(' ');
    return { old: old as PathState, fresh: fresh as PathState, ms: Number(ms) };
  }

  /** Ends the program and its connections. */
  close(): void {
    this.#child.stdin.end();
  }

  async #line(): Promise<string> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      // A late answer would be mistaken for the answer to the next measurement.
      this.#child.kill('SIGKILL');
      late.reject(new MeshproofError('NODE_PROCESS', `a program on a node did not measure a path within ${this.#answerMs / 1_000} s`));
    }, this.#answerMs);
    const { value, done } = await Promise.race([this.#lines.next(), late.promise]).finally(() => clearTimeout(timer));
    if (done !== true) return value;
    throw new MeshproofError('NODE_PROCESS', `a path could not be measured: ${this.#complaint.trim()}`);
  }
}
