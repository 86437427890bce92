import { MeshproofError } from '../errors.ts';
import type { Work } from '../work.ts';
import { ADDRESSES, BRIDGES, NETWORK } from './addresses.ts';
import type { Engine } from './engine.ts';

export interface NodeNetwork {
  id: string;
  /** The network device on the engine's machine. */
  bridge: string;
  subnet: string;
  ipv6: boolean;
  /** Names of the containers on it. */
  containers: string[];
}

interface Inspected {
  Id: string;
  EnableIPv6: boolean;
  Options: Record<string, string> | null;
  IPAM: { Config: { Subnet?: string }[] | null };
  Containers: Record<string, { Name: string }> | null;
}

/** The Docker network of the clusters, or undefined before the first one. */
export async function findNetwork(engine: Engine, work: Work = {}): Promise<NodeNetwork | undefined> {
  const ids = await engine.docker(['network', 'ls', '--quiet', '--filter', `name=^${NETWORK}$`], work);
  if (ids === '') return undefined;
  const [network]: Inspected[] = JSON.parse(await engine.docker(['network', 'inspect', ids.split('\n')[0] ?? ''], work));
  if (!network) return undefined;
  return {
    id: network.Id,
    bridge: network.Options?.['com.docker.network.bridge.name'] ?? `br-${network.Id.slice(0, 12)}`,
    subnet: network.IPAM.Config?.[0]?.Subnet ?? '',
    ipv6: network.EnableIPv6,
    containers: Object.values(network.Containers ?? {}).map(({ Name }) => Name),
  };
}

/** Makes the clusters' Docker network unless it is there. */
export async function ensureNetwork(engine: Engine, work: Work = {}): Promise<NodeNetwork> {
  const present = await findNetwork(engine, work);
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
    `${NETWORK}=network`,
    NETWORK,
  ];
  // Whoever loses a race is refused for the overlapping subnet and finds the winner's network.
  const refused = await engine.docker(create, work).then(
    () => undefined,
    (error: unknown) => error,
  );
  const made = await findNetwork(engine, work);
  if (made) return made;
  throw new MeshproofError('NETWORK_REFUSED', `the Docker network ${NETWORK} could not be made on ${ADDRESSES.nodes}`, {
    cause: refused,
    hint: 'see whether another network or route uses these addresses: ip route; docker network ls',
  });
}
