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
  /** Whether meshproof created it. */
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
 * Runs `action` while no other process of this user creates the clusters' network on the engine, attaches the first container to it, or
 * removes it. All state folders share an engine, so they also share this lock. It is named after the engine's own ID, because one engine
 * may be reached at several addresses.
 */
export async function holdNetwork<T>(engine: Engine, action: () => Promise<T>, task: TaskContext = {}): Promise<T> {
  const id = (await engine.docker(['info', '--format', '{{.ID}}'], { timeoutMs: 30_000, ...task })) || engine.host;
  const folder = await sharedLocks();
  return await exclusively(`network ${NETWORK} of ${id}`, action, task, folder === undefined ? {} : { folder });
}

/** The folder of this user's locks that all state folders share; undefined if another user has taken its name. */
async function sharedLocks(): Promise<string | undefined> {
  const { uid } = userInfo();
  const folder = join(tmpdir(), `meshproof-locks-${uid}`);
  await mkdir(folder, { mode: 0o700 }).catch(() => undefined);
  const found = await lstat(folder).catch(() => undefined);
  const isOurs = found?.isDirectory() === true && (uid === -1 || found.uid === uid) && (found.mode & 0o022) === 0;
  return isOurs ? folder : undefined;
}

/** Names of the containers, running or not, that the clusters' network exists for. */
export async function containersOnNetwork(engine: Engine, task: TaskContext = {}): Promise<string[]> {
  const names = await engine.docker(['ps', '--all', '--filter', `network=${NETWORK}`, '--format', '{{.Names}}'], task);
  return names.split('\n').filter(Boolean);
}

/** The Docker network of the clusters; undefined before the first cluster. */
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

/** Creates the clusters' Docker network if it does not exist. */
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
  // If two processes race, the engine rejects the second network for its overlapping subnet, and the first one is found.
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
