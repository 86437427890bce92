import { cp, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { RETRIES } from '../engine/packages.ts';
import { causeOf } from '../errors.ts';
import { exec } from '../exec.ts';
import { repeatedly, type Patience } from '../repeatedly.ts';
import type { TaskContext } from '../task-context.ts';
import { withFolder } from '../work-folder.ts';
import { artifact, hashOf, type Artifact } from './cache.ts';
import { needPrograms } from './packages.ts';
import { VERSIONS } from './versions.ts';

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

/** The packages of a kind node, from which the small images are copied too. */
const PACKAGES = words(`
  systemd systemd-sysv dbus conntrack iptables nftables iproute2 ethtool kmod jq curl procps
  ca-certificates containerd runc containernetworking-plugins socat mount util-linux libstdc++6`);

/** iptables with its extensions, both back ends, and every name under which Debian offers them. */
export const IPTABLES = [
  ...words(`
    iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore xtables-nft-multi xtables-legacy-multi
    iptables-nft iptables-nft-save iptables-nft-restore ip6tables-nft ip6tables-nft-save ip6tables-nft-restore
    iptables-legacy iptables-legacy-save iptables-legacy-restore ip6tables-legacy ip6tables-legacy-save ip6tables-legacy-restore`).map(
    (name) => `/usr/sbin/${name}`,
  ),
  ...words('/usr/lib/x86_64-linux-gnu/xtables /usr/bin/sh /etc/protocols'),
  // libxt_statistic, which balances the load of Services, is loaded at run time and needs it.
  '/usr/lib/x86_64-linux-gnu/libm.so.6',
];

/** Folders that no container reads; they are half the size of Debian. */
const UNREAD = ['usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/info', 'var/cache/apt', 'var/lib/apt/lists', 'var/log'];

/**
 * A minimal Debian as `root.tar`. Only the release is pinned; the versions of its packages are those that the distribution currently
 * provides. It is Debian 12, because its systemd still boots on cgroup v1.
 */
export const debianRoot: Artifact = {
  name: 'debian-root',
  hash: hashOf(VERSIONS.debian, PACKAGES, UNREAD),
  make: async (folder, task) => {
    await needPrograms({ debootstrap: 'debootstrap' }, task);
    task.progress?.(`bootstrapping Debian ${VERSIONS.debian}`);
    await withFolder('build', async (root) => {
      await bootstrap(root, task);
      for (const path of UNREAD) {
        for (const name of await readdir(join(root, path))) await rm(join(root, path, name), { recursive: true, force: true });
      }
      await exec('tar', ['--numeric-owner', '--xattrs', '-C', root, '-cf', join(folder, 'root.tar'), '.'], task);
    });
  },
};

/**
 * Bootstraps Debian into an empty folder. If a download fails, debootstrap runs there again, and fetches only what is missing.
 * @throws the errors of `exec`
 */
export async function bootstrap(root: string, task: TaskContext, patience: Patience = {}): Promise<void> {
  const args = ['--variant=minbase', `--include=${PACKAGES.join(',')}`, VERSIONS.debian, root];
  await repeatedly(() => exec('debootstrap', args, task), wasUndelivered, task, patience);
}

/** debootstrap downloads everything before it unpacks anything, so after such a failure the folder contains only downloads. */
const wasUndelivered = (error: unknown): boolean => /Couldn't download|Failed getting/.test(causeOf(error));

/** Passes the folder of an unpacked Debian root to `use`. */
export async function withDebianRoot<T>(use: (root: string) => Promise<T>, task: TaskContext): Promise<T> {
  const made = await artifact(debianRoot, task);
  return withFolder('build', async (root) => {
    await exec('tar', ['--numeric-owner', '--xattrs', '-C', root, '-xf', join(made, 'root.tar')], task);
    return use(root);
  });
}

/** The content of a small image. */
export interface SmallRoot {
  /** Path in the image → file on this machine; made executable. */
  files: Record<string, string>;
  /** Debian packages to add to the root; they are unpacked, but not configured. */
  packages?: string[];
  /** Absolute paths of programs in Debian, and folders that are copied whole. */
  debian?: string[];
  /** Path in the image → text. */
  texts?: Record<string, string>;
  /** Folders that must exist and be writable by every user. */
  writable?: string[];
}

/** Unpacks Debian packages with their dependencies into a root, without running their scripts. */
export async function addPackages(root: string, packages: readonly string[], task: TaskContext): Promise<void> {
  task.progress?.(`fetching ${packages.join(' ')} from the distribution`);
  await cp('/etc/resolv.conf', join(root, 'etc/resolv.conf'), { dereference: true });
  const apt = (...args: string[]) =>
    exec('chroot', [root, 'apt-get', ...RETRIES, ...args], { ...task, env: { DEBIAN_FRONTEND: 'noninteractive' } });
  await apt('update');
  await apt('install', '-y', '--no-install-recommends', '--download-only', ...packages);
  // Some packages contain a folder /lib, which is a link in the root.
  const unpack = 'dpkg-deb --fsys-tarfile "$file" | tar -x --keep-directory-symlink -C /';
  await exec('chroot', [root, 'sh', '-ec', `for file in /var/cache/apt/archives/*.deb; do ${unpack}; done; ldconfig`], task);
}

/** The shared libraries that a program needs, as found by the dynamic loader of the root. */
async function librariesOf(root: string, program: string, task: TaskContext): Promise<string[]> {
  const text = await exec('chroot', [root, 'ldd', program], task).catch(() => '');
  return [...text.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? '');
}

/**
 * Fills the empty folder `target` with programs and exactly the shared libraries that they need, copied from the Debian root. Every link on
 * the way to a file is copied too, so that Debian's alternatives, such as `iptables`, keep their targets.
 */
export async function fillSmallRoot(
  debian: string,
  target: string,
  { files, debian: paths = [], texts = {}, writable = [] }: SmallRoot,
  task: TaskContext,
): Promise<void> {
  // Debian has a merged /usr: without these links, unpacking /lib/… would create a second folder.
  for (const folder of ['bin', 'sbin', 'lib', 'lib64']) {
    await mkdir(join(target, 'usr', folder), { recursive: true });
    await symlink(`usr/${folder}`, join(target, folder));
  }
  const wanted = new Set<string>(paths);
  for (const [path, source] of Object.entries(files)) {
    const place = join(target, path);
    await mkdir(dirname(place), { recursive: true });
    await cp(source, place, { recursive: true });
    const probe = join(debian, 'tmp', basename(source));
    await cp(source, probe, { recursive: true });
    for (const library of await librariesOf(debian, `/tmp/${basename(source)}`, task)) wanted.add(library);
    await rm(probe, { recursive: true });
  }
  for (const path of paths) for (const library of await librariesOf(debian, path, task)) wanted.add(library);
  const list = [...wanted].map((path) => path.replace(/^\//, ''));
  if (list.length > 0) {
    // tar does not follow links, so the list contains the targets too.
    const all = await exec('chroot', [debian, 'sh', '-c', FOLLOW_LINKS, 'follow', ...list], task);
    const names = all.split('\n').filter((name) => name !== '');
    const listing = join(target, '.list');
    await writeFile(listing, names.join('\n'));
    await exec('sh', ['-c', 'tar -C "$1" -cf - -T "$2" | tar -C "$3" -xf -', 'copy', debian, listing, target], task);
    await rm(listing);
  }
  for (const [path, text] of Object.entries(texts)) {
    await mkdir(dirname(join(target, path)), { recursive: true });
    await writeFile(join(target, path), text);
  }
  await exec('chmod', ['-R', 'a+rX', target], task);
  for (const path of ['/tmp', ...writable]) {
    await mkdir(join(target, path), { recursive: true });
    await exec('chmod', ['1777', join(target, path)], task);
  }
}

/** Prints each path and every link on the way to its file, one per line, in canonical folders. */
const FOLLOW_LINKS = `
for path in "$@"; do
  path="/$path"
  while :; do
    echo "$(realpath "$(dirname "$path")")/$(basename "$path")" | cut -c2-
    [ -L "$path" ] || break
    next=$(readlink "$path")
    case "$next" in /*) path="$next" ;; *) path="$(realpath "$(dirname "$path")")/$next" ;; esac
  done
done`;
