/**
 * Every address that the harness assigns is in 198.18.0.0/15, which RFC 2544 reserves for benchmarks: no company network, VPN or home
 * router uses it.
 *
 *   198.18.0.0/24     the private engine's own bridge
 *   198.18.16.0/20    the network of the clusters' nodes
 *   198.18.64.0/18    other networks of the private engine
 *   198.19.0.0/16     pods and services (clusters/kind/ranges.ts)
 */
export const ADDRESSES = {
  engineGateway: '198.18.0.1/24',
  nodes: '198.18.16.0/20',
  engineNetworks: '198.18.64.0/18',
  /** An address that nothing ever answers or routes to, because it is outside every network above. */
  nobody: '198.18.255.253',
  all: '198.18.0.0/15',
} as const;

/** Names of network devices, which Linux limits to 15 characters. */
export const BRIDGES = { engine: 'meshproof-eng', nodes: 'meshproof-net' } as const;

/** The Docker network of the nodes and the external services. */
export const NETWORK = 'meshproof';
