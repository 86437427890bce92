import { nodeRange } from './ranges.ts';

export interface KindConfigOptions {
  name: string;
  /** 1 to 8; the first is the control plane. */
  nodes: number;
  podSubnet: string;
  serviceSubnet: string;
  /** The cgroup hierarchy of the engine's host. */
  cgroup: 1 | 2;
  /** Absolute path of each node's CNI configuration, in node order, on the engine's machine. */
  cniFiles: readonly string[];
}

/** Path of a node's CNI configuration in the cluster's folder. */
export function cniFile(folder: string, node: number): string {
  return `${folder}/network/cni-${node}.conflist`;
}

/** Path of the CNI configuration inside a node. */
export const CNI_IN_NODE = '/etc/cni/net.d/00-meshproof.conflist';

/** The configuration file for `kind create cluster`. */
export function kindConfig(options: KindConfigOptions): Record<string, unknown> {
  // A proxy that is killed again and again is to start again, not to wait for up to five minutes.
  const crashLoopBackOff = { maxContainerRestartPeriod: '1s' };
  const kubelet = { kind: 'KubeletConfiguration', crashLoopBackOff, ...(options.cgroup === 1 ? { failCgroupV1: false } : {}) };
  return {
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    name: options.name,
    networking: {
      ipFamily: 'ipv4',
      // The CNI configuration is mounted instead: kindnet would need an image, and would have to start before any node is ready.
      disableDefaultCNI: true,
      podSubnet: options.podSubnet,
      serviceSubnet: options.serviceSubnet,
      dnsSearch: [],
    },
    kubeadmConfigPatches: [JSON.stringify(kubelet)],
    nodes: options.cniFiles.map((hostPath, node) => ({
      role: node === 0 ? 'control-plane' : 'worker',
      extraMounts: [{ hostPath, containerPath: CNI_IN_NODE, readOnly: true }],
    })),
  };
}

/**
 * The CNI configuration of one node: a veth pair for each pod, with addresses from the node's own range. pod-network.ts adds source NAT and
 * routes to the other nodes. `spec.podCIDR`, which the controller manager assigns, is not used.
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
          // Lost when the node restarts, as are the pods that held the addresses.
          dataDir: '/run/cni-ipam-state',
          routes: [{ dst: '0.0.0.0/0' }],
          ranges: [[{ subnet: nodeRange(podSubnet, node) }]],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}
