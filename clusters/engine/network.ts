import { lstat, mkdir } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import { MeshproofError } from '../errors.ts';
import type { TaskContext } from '../task-context.ts';
import { ADDRESSES, BRIDGES, NETWORK } from './addresses.ts';
import type { Engine } from './engine.ts';
import { exclusively } from './exclusive.ts';

export interface NodeNetwork {
  id: string;
  /** The network device on the engine's machine. */
  bridge: string;
  subnet: string;
  ipv6: boolean;
  /** Whether meshproof made it. */
  ours: boolean;
}

interface Inspected {
  Id: string;
  EnableIPv6: boolean;
  Options: Record<string, string> | null;
  IPAM: { Config: { Subnet?: string }[] | null };
  Labels: Record<string, string> | null;
}

const NETWORK_LABEL = 'network';

/**
 * Runs `action` while no other process of this user makes the clusters' network on the engine, puts the first container on it, or removes it.
 * The engine is one for all state folders, so the lock is too, under the engine's own name for itself: addresses of one engine differ.
 */
export async function holdNetwork<T>(engine: Engine, action: () => Promise<T>, task: TaskContext = {}): Promise<T> {
  const id = (await engine.docker(['info', '--format', '{{.ID}}'], { timeoutMs: 30_000, ...task })) || engine.host;
  const folder = await sharedLocks();
  return await exclusively(`network ${NETWORK} of ${id}`, action, task, folder === undefined ? {} : { folder });
}

/** The folder of this user's locks that all state folders share; undefined where someone else has taken its name. */
async function sharedLocks(): Promise<string | undefined> {
  const { uid } = userInfo();
  const folder = join(tmpdir(), `meshproof-locks-${uid}`);
  await mkdir(folder, { mode: 0o700 }).catch(() => undefined);
  const found = await lstat(folder).catch(() => undefined);
  const isOurs = found?.isDirectory() === true && (uid === -1 || found.uid === uid) && (found.mode & 0o022) === 0;
  return isOurs ? folder : undefined;
}

/** Names of the containers that the clusters' network is there for, whether they run or not. */
export async function containersOnNetwork(engine: Engine, task: TaskContext = {}): Promise<string[]> {
  const names = await engine.docker(['ps', '--all', '--filter', `network=${NETWORK}`, '--format', '{{.Names}}'], task);
  return names.split('\n').filter(Boolean);
}

/** The Docker network of the clusters, or undefined before the first one. */
export async function findNetwork(engine: Engine, task: TaskContext = {}): Promise<NodeNetwork | undefined> {
  const ids = await engine.docker(['network', 'ls', '--quiet', '--filter', `name=^${NETWORK}$`], task);
  if (ids === '') return undefined;
  const [network]: Inspected[] = JSON.parse(await engine.docker(['network', 'inspect', ids.split('\n')[0] ?? ''], task));
  if (!network) return undefined;
  return {
    id: network.Id,
    bridge: network.Options?.['com.docker.network.bridge.name'] ?? `br-${network.Id.slice(0, 12)}`,
    subnet: network.IPAM.Config?.[0]?.Subnet ?? '',
    ipv6: network.EnableIPv6,
    ours: network.Labels?.[NETWORK] === NETWORK_LABEL,
  };
}

/** Makes the clusters' Docker network unless it is there. */
export async function ensureNetwork(engine: Engine, task: TaskContext = {}): Promise<NodeNetwork> {
  const present = await findNetwork(engine, task);
  if (present) return present;
  const name = ['--opt', `com.docker.network.bridge.name=${BRIDGES.nodes}`];
  const create = [
    'network',
    'create',
    '--driver',
    'bridge',
    '--subnet',
    ADDRESSES.nodes,
    ...name,
    '--label',
    `${NETWORK}=${NETWORK_LABEL}`,
    NETWORK,
  ];
  // Whoever loses a race is refused for the overlapping subnet and finds the winner's network.
  const refused = await engine.docker(create, task).then(
    () => undefined,
    (error: unknown) => error,
  );
  const made = await findNetwork(engine, task);
  if (made) return made;
  throw new MeshproofError('NETWORK_REFUSED', `the Docker network ${NETWORK} could not be created on ${ADDRESSES.nodes}`, {
    cause: refused,
    hint: 'check whether another network or route uses these addresses: ip route; docker network ls',
  });
}
