import { MeshproofError } from '../errors.ts';
import { exec } from '../exec.ts';
import type { TaskContext } from '../task-context.ts';
import type { Engine } from './engine.ts';
import { parseSavedTables, type SavedTables } from './firewall-rules.ts';
import { systemPath } from './packages.ts';

/** The packet filter of an engine's machine. */
export interface Firewall {
  /** Runs iptables (4) or ip6tables (6) with these arguments. */
  run(family: 4 | 6, args: readonly string[]): Promise<string>;
  saved(family: 4 | 6): Promise<SavedTables>;
}

/** The packet filter of this machine. `flavour` is '', '-legacy' or '-nft', because a kernel has two sets of tables. */
export function hostFirewall(flavour = ''): Firewall {
  return firewallBy((program, args) => exec(program, args, { env: { PATH: systemPath() }, timeoutMs: 60_000 }), flavour);
}

/**
 * The packet filter that an engine uses: through this machine's programs if they reach it, or else through a container in the engine's
 * network namespace, which needs an image with iptables.
 * @throws MeshproofError `FIREWALL_UNREACHABLE`
 */
export async function firewallOf(engine: Engine, image: string | undefined, task: TaskContext = {}): Promise<Firewall> {
  const within = (program: string, args: readonly string[]): Promise<string> =>
    engine.docker(['run', '--rm', '--privileged', '--network', 'host', '--entrypoint', program, image ?? '', ...args], task);
  const reached: unknown[] = [];
  for (const flavour of ['', '-legacy', '-nft']) {
    for (const firewall of [engine.local && hostFirewall(flavour), image !== undefined && firewallBy(within, flavour)]) {
      if (!firewall) continue;
      try {
        await firewall.run(4, ['-S', 'DOCKER-USER']);
        return firewall;
      } catch (error) {
        task.signal?.throwIfAborted();
        reached.push(error);
      }
    }
  }
  throw new MeshproofError('FIREWALL_UNREACHABLE', "meshproof cannot see the chain DOCKER-USER in the Docker engine's packet filter", {
    cause: reached[0],
    hint: 'let Docker manage iptables (its default), and run meshproof as root or give it a node image with iptables',
  });
}

function firewallBy(run: (program: string, args: readonly string[]) => Promise<string>, flavour: string): Firewall {
  const program = (family: 4 | 6): string => `${family === 6 ? 'ip6tables' : 'iptables'}${flavour}`;
  return {
    run: (family, args) => run(program(family), ['-w', '10', ...args]),
    saved: async (family) => parseSavedTables(await run(`${program(family)}-save`, [])),
  };
}
