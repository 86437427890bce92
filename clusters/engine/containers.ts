import type { TaskContext } from '../task-context.ts';
import type { Engine } from './engine.ts';
import type { Leftover, LeftoversOptions } from './leftover.ts';
import { identify, identityIn, lifeOf, type ProcessIdentity } from './processes.ts';

/** Label with the process that a container belongs to. */
export const OWNER_LABEL = 'meshproof.owner';

/** The owner label's value for this process. */
export async function ownerValue(): Promise<string> {
  return JSON.stringify(await identify(process.pid));
}

/** Arguments of `docker run` that tie a container to this process, so that `sweep` removes it once the process has ended. */
export async function ownerLabel(): Promise<string[]> {
  return ['--label', `${OWNER_LABEL}=${await ownerValue()}`];
}

/** Containers named `meshproof-…` that are not nodes of a cluster and whose process is known to be dead. */
export async function containerLeftovers(engine: Engine, { spare }: LeftoversOptions, task: TaskContext = {}): Promise<Leftover[]> {
  const format = `{{.ID}}\t{{.Names}}\t{{.Label "${OWNER_LABEL}"}}\t{{.Label "io.x-k8s.kind.cluster"}}`;
  const lines = await engine.docker(['ps', '--all', '--filter', 'name=^meshproof-', '--format', format], task);
  const left: Leftover[] = [];
  for (const line of lines.split('\n').filter(Boolean)) {
    const [id = '', name = '', label = '', cluster = ''] = line.split('\t');
    if (cluster !== '') continue;
    const owner = ownerIn(label);
    const life = await lifeOf(owner);
    if (life === 'dead') {
      left.push({ what: `container ${name}`, remove: async () => void (await engine.docker(['rm', '--force', '--volumes', id])) });
    } else if (life === 'unknown') {
      spare?.(
        `container ${name}`,
        owner === undefined
          ? `it has no owner record in its label ${OWNER_LABEL}`
          : 'its owner is a process on another machine or in another container',
      );
    }
  }
  return left;
}

function ownerIn(label: string): ProcessIdentity | undefined {
  try {
    return identityIn(JSON.parse(label));
  } catch {
    return undefined;
  }
}
