/** What is built or pulled for any mesh. A change here changes hashes, so what depends on it is rebuilt. */
export const VERSIONS = {
  kubernetes: 'v1.35.4',
  /** The node image that kind 0.33 publishes; its digest in lock.json is the one in kind's own module. */
  kindestNode: 'v1.37.0',
  etcd: '3.6.6-0',
  coredns: 'v1.13.1',
  /** kubeadm requires the first, containerd's sandbox the second. */
  pause: ['3.10.1', '3.10'],
  /** The tag of the published image; the module's version is in its go.mod. */
  jaeger: '1.76.0',
  debian: 'bookworm',
} as const;
