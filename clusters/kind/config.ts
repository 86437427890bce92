import { nodeRange } from './ranges.ts';

export interface KindConfigOptions {
  name: string;
  /** 1 to 8; the first is the control plane. */
  nodes: number;
  podSubnet: string;
  serviceSubnet: string;
  /** The cgroup hierarchy of the engine's host. */
  cgroup: 1 | 2;
  /** Absolute path of each node's CNI configuration, in order, on the engine's machine. */
  cniFiles: readonly string[];
}

/** Where the CNI configuration of a node is among the files of its cluster. */
export function cniFile(folder: string, node: number): string {
  return `${folder}/network/cni-${node}.conflist`;
}

/** Where a node finds its CNI configuration. */
export const CNI_IN_NODE = '/etc/cni/net.d/00-meshproof.conflist';

/** The configuration file for `kind create cluster`. */
export function kindConfig(options: KindConfigOptions): Record<string, unknown> {
  const kubelet = { kind: 'KubeletConfiguration', failCgroupV1: false };
  return {
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    name: options.name,
    networking: {
      ipFamily: 'ipv4',
      // Mounted instead: kindnet would have to be an image, and start before any node is ready.
      disableDefaultCNI: true,
      podSubnet: options.podSubnet,
      serviceSubnet: options.serviceSubnet,
      dnsSearch: [],
    },
    kubeadmConfigPatches: options.cgroup === 1 ? [JSON.stringify(kubelet)] : [],
    nodes: options.cniFiles.map((hostPath, node) => ({
      role: node === 0 ? 'control-plane' : 'worker',
      extraMounts: [{ hostPath, containerPath: CNI_IN_NODE, readOnly: true }],
    })),
  };
}

/**
 * The CNI configuration of one node: a veth pair to each pod, addresses from the node's own range. Translation of addresses and routes to
 * the other nodes are not its business (see pod-network.ts). `spec.podCIDR`, which the controller manager hands out, is not used.
 */
export function cniConfig(podSubnet: string, node: number): Record<string, unknown> {
  return {
    cniVersion: '0.3.1',
    name: 'meshproof',
    plugins: [
      {
        type: 'ptp',
        ipMasq: false,
        ipam: {
          type: 'host-local',
          // Gone with a restart of the node, like the pods that held the addresses.
          dataDir: '/run/cni-ipam-state',
          routes: [{ dst: '0.0.0.0/0' }],
          ranges: [[{ subnet: nodeRange(podSubnet, node) }]],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}
