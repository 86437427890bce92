import { MeshproofError } from '../errors.ts';
import type { TaskContext } from '../task-context.ts';
import { BRIDGES } from './addresses.ts';
import type { Engine } from './engine.ts';
import { firewallOf, type Firewall } from './firewall.ts';
import { COMMENT, deletion, isOurs } from './firewall-rules.ts';
import { containersOnNetwork, ensureNetwork, findNetwork, type NodeNetwork } from './network.ts';

/**
 * The rules about what comes from a bridge and is routed to any other device, whichever it is and whether or not there is a default route.
 * TCP is answered with a reset because the kernel sends only so many ICMP errors a second, and what goes unanswered waits for a time-out.
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
  /** An image with iptables, for an engine whose packet filter is out of this process's reach. */
  image?: string;
}

/**
 * Makes sure that the clusters' network exists and that nothing on it reaches beyond the machine: a packet to anywhere else is refused at once.
 * On a private engine the same goes for its default network. Repeating it changes nothing.
 * @throws MeshproofError `NETWORK_REFUSED`, `FIREWALL_UNREACHABLE` or `NOT_HERMETIC`
 */
export async function ensureHermeticNetwork(engine: Engine, options: HermeticOptions = {}, task: TaskContext = {}): Promise<NodeNetwork> {
  const network = await ensureNetwork(engine, task);
  const firewall = await firewallOf(engine, options.image, task);
  for (const bridge of engine.private ? [BRIDGES.engine, network.bridge] : [network.bridge]) {
    await enclose(firewall, bridge, bridge === network.bridge && network.ipv6);
  }
  return network;
}

/** Refuses what leaves a bridge. IPv6 is enclosed where the machine has it, and must be where the network uses it. */
export async function enclose(firewall: Firewall, bridge: string, ipv6: boolean): Promise<void> {
  await insertFirst(firewall, 4, 'DOCKER-USER', bridge);
  const outcome = await insertFirst(firewall, 6, 'FORWARD', bridge).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome !== undefined && ipv6) throw outcome;
}

/**
 * Removes the clusters' network and the rules about it, when no container is on it any more and meshproof made it. A private engine's rules go with the engine.
 * To be called within `holdNetwork`.
 */
export async function removeUnusedNetwork(engine: Engine, task: TaskContext = {}): Promise<void> {
  const network = await findNetwork(engine, task);
  if (!network?.ours || (await containersOnNetwork(engine, task)).length > 0) return;
  const image = await nodeImageOn(engine, task);
  await engine.docker(['network', 'rm', network.id], task);
  if (!engine.private) await release(await firewallOf(engine, image, task), network.bridge);
}

/** An image with iptables that the engine has; none where no cluster was ever made on it. */
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

/** Takes away the rules that enclose a bridge. */
export async function release(firewall: Firewall, bridge: string): Promise<void> {
  for (const family of [4, 6] as const) {
    const saved = await firewall.saved(family).catch(() => undefined);
    for (const rule of saved?.rules ?? []) {
      if (isOurs(rule) && rule.spec.includes(bridge)) await firewall.run(family, deletion(rule));
    }
  }
}
