import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';

import type { ClusterDescription } from '../cluster.ts';
import { MeshproofError } from '../errors.ts';
import { exec } from '../exec.ts';
import { CLUSTER_LABEL } from './nodes.ts';

/**
 * Reads every packet in a node's network namespace until its input ends, then prints how many packets contained each text. A packet socket
 * sees the pods' interfaces and the uplink. The loopback interface is ignored, because traffic that reaches a pod through the API server
 * passes there. Every Debian has Perl.
 */
const READER = String.raw`
use strict; use Socket;
socket(my $s, 17, SOCK_RAW, 0x0300) or die "packet socket: $!";
setsockopt($s, SOL_SOCKET, 33, pack('i', 1 << 26));
my ($in, %count) = (''); vec($in, $_, 1) = 1 for (fileno($s), 0);
$| = 1; print "ready\n";
for (;;) {
  select(my $out = $in, undef, undef, undef);
  last if vec($out, 0, 1) && !vec($out, fileno($s), 1);
  my $from = recv($s, my $packet, 65535, 0) // next;
  next if unpack('x4 i', $from) == 1;
  for (@ARGV) { $count{$_}++ if index($packet, $_) >= 0 }
}
my $statistics = getsockopt($s, 263, 6) // die "packet statistics: $!";
my (undef, $lost) = unpack('II', $statistics);
die "$lost packets came faster than they could be read\n" if $lost > 0;
print join(' ', map { $count{$_} // 0 } @ARGV), "\n";
`;

/**
 * Runs a function while capturing packets on all nodes of a kind cluster.
 * @returns for each text the number of packets that contained it; a packet forwarded by a node is seen on more than one interface
 * @throws MeshproofError `CAPTURE_IMPOSSIBLE` if meshproof did not create the nodes, none runs, or a reader fails or missed a packet
 */
export async function capture(
  { provider, name, dockerHost }: Pick<ClusterDescription, 'provider' | 'name' | 'dockerHost'>,
  texts: readonly string[],
  run: () => Promise<void>,
): Promise<number[]> {
  if (provider !== 'kind') throw new MeshproofError('CAPTURE_IMPOSSIBLE', 'traffic can only be captured on the nodes of a kind cluster');
  const env: Record<string, string> = dockerHost === undefined ? {} : { DOCKER_HOST: dockerHost };
  const format = ['--filter', `label=${CLUSTER_LABEL}=${name}`, '--format', '{{.Names}}'];
  const nodes = (await exec('docker', ['ps', ...format], { env, timeoutMs: 60_000 })).split('\n').filter(Boolean);
  // Without a node, the capture would find nothing, as if all traffic were encrypted.
  if (nodes.length === 0) throw new MeshproofError('CAPTURE_IMPOSSIBLE', `the engine knows no running node of ${name}`);
  const readers = nodes.map((node) => new Reader(node, texts, env));
  try {
    await Promise.all(readers.map((reader) => reader.line()));
    await run();
    const counts = await Promise.all(readers.map((reader) => reader.counts()));
    return texts.map((_, at) => counts.reduce((sum, one) => sum + (one[at] ?? 0), 0));
  } finally {
    for (const reader of readers) reader.end();
  }
}

/** The reader process on one node; it exits when its input ends. */
class Reader {
  readonly #node: string;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #complaint = '';

  constructor(node: string, texts: readonly string[], env: Record<string, string>) {
    this.#node = node;
    this.#process = spawn('docker', ['exec', '-i', node, 'perl', '-e', READER, ...texts], { env: { ...process.env, ...env } });
    this.#process.stderr.on('data', (part: Buffer) => (this.#complaint += part.toString()));
    this.#process.once('error', (error) => (this.#complaint += error.message));
    this.#process.stdin.on('error', () => undefined);
    this.#lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done !== true) return value;
    throw new MeshproofError('CAPTURE_IMPOSSIBLE', `${this.#node} does not allow capturing traffic: ${this.#complaint.trim()}`);
  }

  async counts(): Promise<number[]> {
    this.end();
    return (await this.line()).split(' ').map(Number);
  }

  end(): void {
    this.#process.stdin.end();
  }
}
