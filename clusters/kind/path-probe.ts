import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';

import { MeshproofError } from '../errors.ts';
import { CLOCK } from './delayer.ts';

/** How a TCP connection was found. `silent`: nothing came back in time. */
type PathState = 'open' | 'refused' | 'reset' | 'closed' | 'silent';

/** One look along a path. */
export interface PathLook {
  /** A connection that was open before the first look, or the last one that was found otherwise. */
  old: PathState;
  /** A connection that was just opened. */
  fresh: PathState;
  /** Milliseconds until the fresh one was open, or until it was known that it would not be. */
  ms: number;
}

/** For how long a look waits for an answer, in milliseconds. */
const SILENCE_MS = 1_000;
/** How long a program on a node may take to look, on a busy machine: an engine that hangs must not hold up whoever puts things right. */
const ANSWER_MS = 30_000;

/**
 * Opens a connection and keeps it; for each line of its input looks whether its far end acknowledges bytes, opens a fresh connection, and prints
 * both states. An acknowledgement is the kernel's of the far end, whoever listens there. TCP_INFO is that of linux/tcp.h.
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
while (<STDIN>) {
  my $before = $state eq "open" ? looked($old) : $state;
  my ($fresh, $s, $ms) = opened();
  printf "%s %s %.1f\n", $before, $fresh, $ms;
  ($state, $old) = ($fresh, $s) if $before ne "open" && $fresh eq "open";
}
`;

/** Where a path is looked at from. */
export interface PathStart {
  /** The program and its arguments that run another one there, e.g. `docker exec -i <node>`. */
  command: readonly string[];
  env?: Record<string, string>;
}

/** Looks again and again whether one address is reached from a place. */
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
   * @param answerMs how long each look may take
   * @throws MeshproofError `NODE_PROCESS` where the address is not reached to begin with, or no program can run there
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
    throw new MeshproofError('NODE_PROCESS', `a connection to ${host}:${port} is ${state} before anything was done to its path`);
  }

  /** @throws MeshproofError `NODE_PROCESS` when the program has ended, or does not answer in time */
  async look(): Promise<PathLook> {
    this.#child.stdin.write('\n');
    const [old, fresh, ms] = (await this.#line()).split(' ');
    return { old: old as PathState, fresh: fresh as PathState, ms: Number(ms) };
  }

  /** Ends the program with its connections. */
  close(): void {
    this.#child.stdin.end();
  }

  async #line(): Promise<string> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      // Its answer would be taken for the next one's.
      this.#child.kill('SIGKILL');
      late.reject(new MeshproofError('NODE_PROCESS', `a program on a node did not look along a path within ${this.#answerMs / 1_000} s`));
    }, this.#answerMs);
    const { value, done } = await Promise.race([this.#lines.next(), late.promise]).finally(() => clearTimeout(timer));
    if (done !== true) return value;
    throw new MeshproofError('NODE_PROCESS', `a path could not be looked along: ${this.#complaint.trim()}`);
  }
}
