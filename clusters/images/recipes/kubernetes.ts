import { join } from 'node:path';

import { exec } from '../../exec.ts';
import { artifact, hashOf, type Artifact } from '../cache.ts';
import { IPTABLES } from '../debian.ts';
import { goArtifact, goModule, moduleFiles } from '../go.ts';
import type { Image, Recipe } from '../image.ts';
import { needPrograms } from '../packages.ts';
import { VERSIONS } from '../versions.ts';

const [, major, minor] = /^v(\d+)\.(\d+)/.exec(VERSIONS.kubernetes) ?? [];
const VERSION_PACKAGE = 'k8s.io/component-base/version';

/** All of Kubernetes from one module, so that shared packages are compiled once. */
export const kubernetes = () =>
  goArtifact({
    module: goModule('kubernetes'),
    binaries: Object.fromEntries(
      ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy', 'kubeadm', 'kubectl', 'kubelet'].map((name) => [
        name,
        `k8s.io/kubernetes/cmd/${name}`,
      ]),
    ),
    variables: {
      [`${VERSION_PACKAGE}.gitVersion`]: VERSIONS.kubernetes,
      [`${VERSION_PACKAGE}.gitMajor`]: major ?? '',
      [`${VERSION_PACKAGE}.gitMinor`]: minor ?? '',
      [`${VERSION_PACKAGE}.gitTreeState`]: 'clean',
    },
  });

const etcd = () => goArtifact({ module: goModule('etcd'), binaries: { etcd: 'go.etcd.io/etcd/server/v3' } });
const coredns = () => goArtifact({ module: goModule('coredns'), binaries: { coredns: '.' } });

/** pause is one C file in the kubernetes module. */
const pause = async (): Promise<Artifact> => ({
  name: 'pause',
  hash: hashOf(VERSIONS.kubernetes, VERSIONS.pause),
  make: async (folder, task) => {
    await needPrograms({ gcc: 'gcc libc6-dev' }, task);
    const source = await moduleFiles(goModule('kubernetes'), 'k8s.io/kubernetes', task);
    const version = `-DVERSION=${VERSIONS.pause[0]}`;
    await exec('gcc', ['-Os', '-static', version, '-o', join(folder, 'pause'), join(source, 'build/pause/linux/pause.c')], task);
  },
});

/** An image with one binary of an artifact, which is its entry point. */
function binaryImage(made: () => Promise<Artifact>, binary: string, path: string, user?: string): Recipe {
  return {
    inputs: async () => [(await made()).hash, binary, path, user],
    contents: async (task) => ({
      files: { [path]: join(await artifact(await made(), task), binary) },
      config: { Entrypoint: [path], ...(user === undefined ? {} : { User: user }) },
    }),
  };
}

const kubeProxy: Recipe = {
  inputs: async () => [(await kubernetes()).hash, IPTABLES],
  contents: async (task) => ({
    files: { '/usr/local/bin/kube-proxy': join(await artifact(await kubernetes(), task), 'kube-proxy') },
    debian: [...IPTABLES, '/usr/sbin/conntrack', '/usr/bin/ip', '/usr/bin/kmod', '/usr/sbin/modprobe', '/usr/sbin/nft'],
    config: { Entrypoint: ['/usr/local/bin/kube-proxy'], Env: ['PATH=/usr/local/bin:/usr/sbin:/usr/bin'] },
  }),
};

const REGISTRY = 'registry.k8s.io';
const image = (name: string, recipe: Recipe): Image => ({
  name: `${REGISTRY}/${name}`,
  upstream: `${REGISTRY}/${name}`,
  recipe,
  part: 'kubernetes',
});

/** The images that `kubeadm config images list` prints for this version, and containerd's sandbox. */
export const KUBERNETES_IMAGES: readonly Image[] = [
  ...['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map((name) =>
    image(`${name}:${VERSIONS.kubernetes}`, binaryImage(kubernetes, name, `/usr/local/bin/${name}`)),
  ),
  image(`kube-proxy:${VERSIONS.kubernetes}`, kubeProxy),
  image(`etcd:${VERSIONS.etcd}`, binaryImage(etcd, 'etcd', '/usr/local/bin/etcd')),
  image(`coredns/coredns:${VERSIONS.coredns}`, binaryImage(coredns, 'coredns', '/coredns')),
  ...VERSIONS.pause.map((version) => image(`pause:${version}`, binaryImage(pause, 'pause', '/pause', '65535:65535'))),
];
