import type { Work } from '../work.ts';
import type { Engine } from './engine.ts';
import type { Leftover, LeftoversOptions } from './leftover.ts';
import { identify, isAlive } from './processes.ts';

/** Names the process that a container belongs to. */
export const OWNER_LABEL = 'meshproof.owner';

/** The owner label's value for this process. */
export async function ownerValue(): Promise<string> {
  const { pid, began } = await identify(process.pid);
  return `${pid}@${began}`;
}

/** Arguments of `docker run` that tie a container to this process: when that has gone, `sweep` removes the container. */
export async function ownerLabel(): Promise<string[]> {
  return ['--label', `${OWNER_LABEL}=${await ownerValue()}`];
}

/** Containers named `meshproof-…` that are not nodes of a cluster and whose process has gone. One without an owner has none. */
export async function containerLeftovers(engine: Engine, { all = false }: LeftoversOptions, work: Work = {}): Promise<Leftover[]> {
  const format = `{{.Names}}\t{{.Label "${OWNER_LABEL}"}}\t{{.Label "io.x-k8s.kind.cluster"}}`;
  const lines = await engine.docker(['ps', '--all', '--filter', 'name=^meshproof-', '--format', format], work);
  const left: Leftover[] = [];
  for (const line of lines.split('\n').filter(Boolean)) {
    const [name = '', owner = '', cluster = ''] = line.split('\t');
    const [pid, began = ''] = owner.split('@');
    const owned = owner !== '' && (await isAlive({ pid: Number(pid), began }));
    if (cluster !== '' || (owned && !all)) continue;
    left.push({ what: `container ${name}`, remove: async () => void (await engine.docker(['rm', '--force', '--volumes', name])) });
  }
  return left;
}
