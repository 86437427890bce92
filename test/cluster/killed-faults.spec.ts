import { expect, test } from '@playwright/test';

import type { ClusterDescription } from '../../clusters/cluster.ts';
import { bashOnNode } from '../../clusters/kind/on-node.ts';
import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { until } from '../../clusters/until.ts';
import { describe, meshproof, SHARED } from './cluster.ts';
import { interrupted, choicesOf } from './interruption.ts';
import { clusterSnapshot, difference, machineSnapshot } from './snapshot.ts';

/** The number of runs that are killed; another seed chooses other faults and moments: `KILLS=40 SEED=7 npm run test:cluster -- killed-faults` */
const KILLS = Number(process.env['KILLS'] ?? 3);
const SEED = Number(process.env['SEED'] ?? 1);
/** Checks by what is found on the nodes while their fault lasts; together they inject every kind of fault that a node holds. */
const CHECKS = [
  'chaos/control-plane-down',
  'chaos/control-plane-slow',
  'chaos/dns-down',
  'chaos/endpoint-cut-off',
  'chaos/hung-proxy-plaintext',
  'chaos/lost-answers',
  'chaos/packet-loss',
  'chaos/weights-and-latency',
];
/** Without anybody who reverts it, a fault ends by its lease of ten seconds. */
const REVERTED_MS = 15_000;

const { next, pick } = choicesOf(SEED);

/** Prints what faults leave in the network namespaces and among the processes of a node, a line each. */
const LOOK = String.raw`
declare -A seen
for file in /proc/[0-9]*/ns/net; do
  name=$(readlink "$file") || continue
  [[ -z ${'$'}{seen[$name]} ]] || continue
  seen[$name]=1
  nsenter --net="$file" nft list tables 2>/dev/null | grep meshproof_ | sed "s/$/ in $name/"
  nsenter --net="$file" iptables -w 10 -t mangle -S 2>/dev/null | grep meshproof_ | sed "s/$/ in $name/"
  nsenter --net="$file" tc qdisc show 2>/dev/null | grep -E 'netem|tbf' | sed "s/$/ in $name/"
done
awk '$1 == "Name:" { name = $2 } $1 == "State:" && $2 == "T" { print name " is stopped" }' /proc/[0-9]*/status 2>/dev/null
true`;

async function faultsOn(cluster: ClusterDescription, nodes: readonly string[]): Promise<string[]> {
  const found = await Promise.all(nodes.map((node) => bashOnNode(cluster, node, LOOK)));
  return found.flatMap((text) => text.split('\n').filter((line) => line !== ''));
}

test('Ends every fault on a node within 15 s of a SIGKILL of the run, and sweeps the rest @cluster', async () => {
  test.setTimeout(120_000 + KILLS * 400_000);
  const cluster = await describe(SHARED);
  const api = await KubernetesApi.open(cluster);
  const nodes = (await api.list('v1', 'Node')).map(({ metadata }) => metadata.name);
  const faults = () => faultsOn(cluster, nodes);
  const look = async () => [...(await clusterSnapshot(api)), ...(await machineSnapshot(cluster.dockerHost ?? ''))];
  const run = (check: string) => ['test', '--cluster', SHARED, '--report', test.info().outputPath('report'), '--check', check];
  const rows: string[] = [];
  try {
    // Leases and sentinels are created by the first run and kept.
    const first = await meshproof([...run('routing/canary-header'), '--no-control']);
    expect(first.exitCode, first.all).toBe(0);
    const before = await look();
    expect(await faults()).toEqual([]);
    for (let kill = 0; kill < KILLS; kill++) {
      const check = pick(CHECKS);
      const afterMs = Math.round(next() * 3_000);
      let seen: string[] = [];
      const awaits = () => until(async () => (seen = await faults()).length > 0, { what: 'a fault', timeoutMs: 200_000, everyMs: 100 });
      await interrupted(run(check), { how: 'SIGKILL of all', afterMs, awaits });
      const killed = performance.now();
      await until(async () => (await faults()).length === 0, { what: 'the end of every fault', timeoutMs: 60_000, everyMs: 200 });
      const revertedMs = Math.round(performance.now() - killed);
      const swept = await meshproof(['sweep']);
      const left = difference(before, await look());
      rows.push(`| ${kill} | ${check} | ${seen[0] ?? 'none seen'} | ${afterMs} | ${revertedMs} | ${left.length} |`);
      process.stdout.write(`${[rows.at(-1), ...left].join('\n')}\n`);
      expect.soft(seen, `${check} had injected nothing when it was killed`).not.toEqual([]);
      expect.soft(revertedMs, check).toBeLessThan(REVERTED_MS);
      expect.soft(left, swept.all).toEqual([]);
    }
  } finally {
    await test.info().attach('kills.md', { body: rows.join('\n') });
    api.close();
  }
});
