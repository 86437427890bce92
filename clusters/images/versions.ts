/** What is built or pulled; a change here changes the hashes and so rebuilds what depends on it. */
export const VERSIONS = {
  kubernetes: 'v1.35.4',
  etcd: '3.6.6-0',
  coredns: 'v1.13.1',
  /** kubeadm asks for the first, containerd's sandbox for the second. */
  pause: ['3.10.1', '3.10'],
  istio: '1.31-eed52ebb66ad',
  /** The release whose images stand for this line where a registry answers. */
  istioRelease: '1.31.1',
  envoy: '1.40.0',
  /** The tag of the published image; the module's version stands in its go.mod. */
  jaeger: '1.76.0',
  debian: 'bookworm',
} as const;
