import { randomBytes } from 'node:crypto';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { ownerLabel } from '../engine/containers.ts';
import { exec } from '../exec.ts';
import type { TaskContext } from '../task-context.ts';
import { writeArchive } from './archive.ts';
import { artifact, digestOf, hashOf, type Artifact } from './cache.ts';
import { debianRoot, withDebianRoot } from './debian.ts';
import { goModule, moduleFiles } from './go.ts';
import { kubernetes } from './recipes/kubernetes.ts';
import { VERSIONS } from './versions.ts';

const RESTRICTED_RUNC = join(import.meta.dirname, '../engine/restricted-runc');
const BASE = 'docker.io/meshproof/node-base';

/** Text files of a node in addition to those that kind contains; the first line of each says why it exists. */
const TEXTS: Record<string, string> = {
  '/kind/version': VERSIONS.kubernetes,
  '/kind/manifests/default-cni.yaml':
    '# The provider writes the CNI configuration when it knows the pod ranges.\napiVersion: v1\nkind: List\nitems: []\n',
  '/kind/manifests/default-storage.yaml':
    '# Names a class so that claims stay pending with a reason; no sample needs a volume.\napiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: standard}\nprovisioner: kubernetes.io/no-provisioner\nvolumeBindingMode: WaitForFirstConsumer\n',
  '/etc/systemd/system/containerd.service.d/10-restricted.conf':
    '# Hosts without CAP_SYS_RESOURCE can lower neither the score nor raise the limit.\n[Service]\nOOMScoreAdjust=0\nLimitNOFILE=16384\n',
};

/** Commands that finish the root from inside; each corresponds to a step of kind's own image build for a Debian base. */
const FINISH = `
set -eu
rm -f /lib/systemd/system/multi-user.target.wants/* /etc/systemd/system/*.wants/* /lib/systemd/system/local-fs.target.wants/*
rm -f /lib/systemd/system/sockets.target.wants/*udev* /lib/systemd/system/sockets.target.wants/*initctl* /lib/systemd/system/basic.target.wants/*
find /lib/systemd/system/sysinit.target.wants -name systemd-tmpfiles-setup.service -delete
echo ReadKMsg=no >> /etc/systemd/journald.conf
ln -sf /usr/lib/systemd/systemd /sbin/init
systemctl enable kubelet.service containerd.service undo-mount-hacks.service
systemctl mask systemd-binfmt.service
mkdir -p /etc/kubernetes/manifests /opt/cni/bin /etc/cni/net.d
rm -f /etc/cni/net.d/*
ln -sf /usr/lib/cni/* /opt/cni/bin/
for name in containerd ctr containerd-shim-runc-v2; do ln -sf /usr/bin/$name /usr/local/bin/$name; done
ctr oci spec | jq '.hooks.createContainer = [{path: "/kind/bin/mount-product-files.sh"}] | del(.process.rlimits)' > /etc/containerd/cri-base.json
sed -i 's/restrict_oom_score_adj = false/restrict_oom_score_adj = true/' /etc/containerd/config.toml
rm -f /etc/machine-id
`;

/** A kind node without images: Debian, kind's own files from its module, kubeadm, kubelet, kubectl. */
export const nodeBase = async (): Promise<Artifact> => {
  const made = await kubernetes();
  const hash = hashOf(debianRoot.hash, made.hash, TEXTS, FINISH, await digestOf(RESTRICTED_RUNC));
  return {
    name: 'node-base',
    hash,
    make: async (folder, task) => {
      const kindFiles = join(await moduleFiles(goModule('kind'), 'sigs.k8s.io/kind', task), 'images/base/files');
      const binaries = await artifact(made, task);
      task.progress?.('assembling the node image');
      await withDebianRoot(async (root) => {
        await exec('cp', ['-r', '--no-preserve=mode,ownership', `${kindFiles}/.`, root], task);
        await exec('sh', ['-c', 'chmod 755 "$1"/usr/local/bin/* "$1"/kind/bin/*', 'modes', root], task);
        for (const name of ['kubeadm', 'kubelet', 'kubectl']) {
          await cp(join(binaries, name), join(root, 'usr/bin', name));
          await exec('chmod', ['755', join(root, 'usr/bin', name)], task);
        }
        await mkdir(join(root, 'usr/local/sbin'), { recursive: true });
        await cp(RESTRICTED_RUNC, join(root, 'usr/local/sbin/runc'));
        for (const [path, text] of Object.entries(TEXTS)) {
          await mkdir(dirname(join(root, path)), { recursive: true });
          await writeFile(join(root, path), text);
        }
        await exec('chroot', [root, 'sh', '-c', FINISH], task);
        await rm(join(root, 'etc/resolv.conf'), { force: true });
        const config = { Entrypoint: ['/usr/local/bin/entrypoint', '/sbin/init'], Env: ['container=docker'], StopSignal: 'SIGRTMIN+3' };
        await writeArchive(root, `${BASE}:${hash}`, config, join(folder, 'image.tar'), task);
      }, task);
    },
  };
};

/** Same as in the base; `docker run`, which is used for baking, replaced it. */
const ENTRY = 'ENTRYPOINT ["/usr/local/bin/entrypoint","/sbin/init"]';

/** The engine functions that baking needs. */
export interface Docker {
  docker(args: readonly string[], options?: TaskContext): Promise<string>;
}

/**
 * Imports archives into a node image's own containerd, so that a cluster starts without loading images, and tags the result. Imported
 * without unpacking, because the build container's file system does not support containerd's overlay.
 * @param renamed names of images in the archives, and what the node calls these images instead
 */
export async function bake(
  engine: Docker,
  base: string,
  archives: readonly string[],
  tag: string,
  task: TaskContext,
  renamed: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  const name = `meshproof-bake-${randomBytes(4).toString('hex')}`;
  const inside = (command: string, ...args: string[]) => engine.docker(['exec', name, 'sh', '-ec', command, 'bake', ...args], task);
  const mounts = archives.flatMap((file, index) => ['--mount', mount(dirname(file), `/mnt/${index}`)]);
  await engine.docker(
    [
      'run',
      '-d',
      '--name',
      name,
      ...(await ownerLabel()),
      '--network',
      'none',
      '--tmpfs',
      '/mnt',
      '--entrypoint',
      'sleep',
      ...mounts,
      base,
      'infinity',
    ],
    task,
  );
  try {
    await engine.docker(['exec', '-d', name, 'sh', '-c', 'echo $$ > /run/bake.pid; exec containerd'], task);
    task.progress?.(`baking ${archives.length} images into the node image`);
    await inside('for i in $(seq 100); do ctr version >/dev/null 2>&1 && exit 0; sleep 0.1; done; exit 1');
    const paths = archives.map((file, index) => `/mnt/${index}/${basename(file)}`);
    await inside('for f; do ctr -n k8s.io images import --no-unpack "$f"; done', ...paths);
    for (const [from, to] of renamed) await inside('ctr -n k8s.io images tag --force "$1" "$2"; ctr -n k8s.io images rm "$1"', from, to);
    await inside(
      'kill $(cat /run/bake.pid); while kill -0 $(cat /run/bake.pid) 2>/dev/null; do sleep 0.05; done; rm -rf /run/containerd /run/bake.pid',
    );
    await engine.docker(['stop', '-t', '0', name], task);
    await engine.docker(['commit', '--change', ENTRY, '--change', 'LABEL meshproof.owner=', name, tag], task);
  } finally {
    await engine.docker(['rm', '-f', '-v', name]);
  }
}

/** Docker's arguments for a read-only bind mount. They are comma-separated values, in which a path may contain any character. */
function mount(source: string, target: string): string {
  return ['type=bind', `source=${source}`, `target=${target}`, 'readonly'].map((field) => `"${field.replaceAll('"', '""')}"`).join(',');
}

/** Loads the node base into the engine and returns its tag. */
export async function loadNodeBase(engine: Docker, task: TaskContext): Promise<string> {
  const made = await nodeBase();
  const folder = await artifact(made, task);
  await engine.docker(['load', '-i', join(folder, 'image.tar')], task);
  return `${BASE}:${made.hash}`;
}
