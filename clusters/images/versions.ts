/** What is built or pulled whatever the mesh is; a change here changes the hashes and so rebuilds what depends on it. */
export const VERSIONS = {
  kubernetes: 'v1.35.4',
  /** The node that kind 0.33 publishes for itself; its digest in lock.json is the one in kind's own module. */
  kindestNode: 'v1.37.0',
  etcd: '3.6.6-0',
  coredns: 'v1.13.1',
  /** kubeadm asks for the first, containerd's sandbox for the second. */
  pause: ['3.10.1', '3.10'],
  /** The tag of the published image; the module's version stands in its go.mod. */
  jaeger: '1.76.0',
  debian: 'bookworm',
} as const;
