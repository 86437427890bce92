import { MeshproofError } from '../errors.ts';
import type { TaskContext } from '../task-context.ts';
import { BRIDGES } from './addresses.ts';
import type { Engine } from './engine.ts';
import { firewallOf, type Firewall } from './firewall.ts';
import { COMMENT, deletion, isOurs } from './firewall-rules.ts';
import { containersOnNetwork, ensureNetwork, findNetwork, type NodeNetwork } from './network.ts';

/**
 * The rules that reject packets routed from a bridge to any other device, with or without a default route. TCP is answered with a reset,
 * because the kernel limits the rate of ICMP errors, and an unanswered packet would mean waiting for a time-out.
 */
export function leavingRules(bridge: string): string[][] {
  const leaving = ['-i', bridge, '!', '-o', bridge];
  const comment = ['-m', 'comment', '--comment', COMMENT];
  return [
    [...leaving, ...comment, '-j', 'REJECT'],
    [...leaving, '-p', 'tcp', ...comment, '-j', 'REJECT', '--reject-with', 'tcp-reset'],
  ];
}

export interface HermeticOptions {
  /** An image with iptables, for an engine whose packet filter this process cannot access. */
  image?: string;
}

/**
 * Ensures that the clusters' network exists and is isolated: packets to destinations beyond the machine are rejected at once. The same
 * applies to a private engine's default network. Idempotent.
 * @throws MeshproofError `NETWORK_REFUSED`, `FIREWALL_UNREACHABLE` or `NOT_HERMETIC`
 */
export async function ensureHermeticNetwork(engine: Engine, options: HermeticOptions = {}, task: TaskContext = {}): Promise<NodeNetwork> {
  const network = await ensureNetwork(engine, task);
  const firewall = await firewallOf(engine, options.image, task);
  for (const bridge of engine.private ? [BRIDGES.engine, network.bridge] : [network.bridge]) {
    await isolateBridge(firewall, bridge, bridge === network.bridge && network.ipv6);
  }
  return network;
}

/** Rejects packets that leave a bridge. IPv6 rules are added if the machine supports them, and are required if the network uses IPv6. */
export async function isolateBridge(firewall: Firewall, bridge: string, ipv6: boolean): Promise<void> {
  await insertFirst(firewall, 4, 'DOCKER-USER', bridge);
  const outcome = await insertFirst(firewall, 6, 'FORWARD', bridge).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome !== undefined && ipv6) throw outcome;
}

/**
 * Removes the clusters' network and its firewall rules if meshproof created it and no container is attached any more. The rules of a
 * private engine are removed with the engine. Call it within `holdNetwork`.
 */
export async function removeUnusedNetwork(engine: Engine, task: TaskContext = {}): Promise<void> {
  const network = await findNetwork(engine, task);
  if (!network?.ours || (await containersOnNetwork(engine, task)).length > 0) return;
  const image = await nodeImageOn(engine, task);
  await engine.docker(['network', 'rm', network.id], task);
  if (!engine.private) await release(await firewallOf(engine, image, task), network.bridge);
}

/** An image with iptables on the engine; undefined if no cluster was ever created on it. */
async function nodeImageOn(engine: Engine, task: TaskContext): Promise<string | undefined> {
  const images = await engine.docker(['image', 'ls', '--filter', 'reference=meshproof/node', '--format', '{{.ID}}'], task);
  return images.split('\n')[0] || undefined;
}

async function insertFirst(firewall: Firewall, family: 4 | 6, chain: string, bridge: string): Promise<void> {
  for (const rule of leavingRules(bridge)) await insertRule(firewall, family, chain, rule);
}

async function insertRule(firewall: Firewall, family: 4 | 6, chain: string, rule: readonly string[]): Promise<void> {
  const present = (): Promise<boolean> =>
    firewall.run(family, ['-C', chain, ...rule]).then(
      () => true,
      () => false,
    );
  if (await present()) return;
  await firewall.run(family, ['-I', chain, '1', ...rule]);
  if (!(await present())) throw new MeshproofError('NOT_HERMETIC', `a firewall rule was removed from chain ${chain}: ${rule.join(' ')}`);
}

/** Removes the rules that isolate a bridge. */
export async function release(firewall: Firewall, bridge: string): Promise<void> {
  for (const family of [4, 6] as const) {
    const saved = await firewall.saved(family).catch(() => undefined);
    for (const rule of saved?.rules ?? []) {
      if (isOurs(rule) && rule.spec.includes(bridge)) await firewall.run(family, deletion(rule));
    }
  }
}
