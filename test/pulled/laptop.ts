import { chmod, copyFile, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';

import { exec } from '../../clusters/exec.ts';
import type { Lock } from '../../clusters/images/lock.ts';
import { DOCKER_GROUP, type Publishers } from './publishers.ts';
import { asAccount, type Account } from './room.ts';

const ROOT = join(import.meta.dirname, '../..');
/** `nobody`, a user on every Linux system. */
const USER: Account = { uid: 65_534, gid: 65_534, groups: [DOCKER_GROUP] };
/** Programs that build programs and images, or install what does. */
const BUILDERS =
  /^(apt|dpkg|debootstrap|go(fmt)?$|pip|gcc|g\+\+|cc$|c\+\+|cpp|clang|ld|as$|make|cargo|rustc|kind$|istioctl$|kubectl$|k6$|sudo|su$)/;

/** A user with a checkout and Docker, but neither root nor a compiler. */
export interface Laptop {
  checkout: string;
  cache: string;
  /** Installs the packages outside the room, because it needs the npm registry. */
  install: () => Promise<void>;
  /** Runs a command in the checkout, inside the room. */
  run: (...command: string[]) => Promise<{ exitCode: number | undefined; said: string }>;
}

export async function newLaptop(folder: string, { room, releases, authority }: Publishers): Promise<Laptop> {
  const [home, checkout, programs] = ['home', 'checkout', 'programs'].map((name) => join(folder, name)) as [string, string, string];
  for (const place of [home, checkout, programs]) await mkdir(place);
  await linkPrograms(programs);
  const copy = 'git ls-files -z --cached --others --exclude-standard | tar --null --ignore-failed-read -T - -cf - | tar -xf - -C "$1"';
  await exec('sh', ['-c', copy, 'copy', checkout], { cwd: ROOT });
  // The real lock has rows for published files, of which the stand-ins share only the names.
  await writeFile(join(checkout, 'clusters/images/lock.json'), JSON.stringify({ images: {}, downloads: {}, wheels: {} } satisfies Lock));
  const trusted = join(home, 'authority.crt');
  await copyFile(authority, trusted);
  await exec('chown', ['-R', `${USER.uid}:${USER.gid}`, home, checkout]);
  // Temporary folders of tests are accessible to their owner only.
  await chmod(folder, 0o755);
  const env = { PATH: programs, HOME: home, TMPDIR: home, LANG: 'C.UTF-8', MESHPROOF_DOWNLOADS: releases, NODE_EXTRA_CA_CERTS: trusted };
  const assigned = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return {
    checkout,
    cache: join(home, '.cache/meshproof'),
    install: async () => {
      await exec('setpriv', [...asAccount(USER), 'npm', 'ci'], { cwd: checkout, env: { PATH: programs, HOME: home } });
    },
    run: async (...command) => {
      const line = room.line(['env', '-i', `--chdir=${checkout}`, ...assigned, ...command], USER);
      const { exitCode, all } = await execa(line[0] ?? '', line.slice(1), { reject: false, all: true, stdin: 'ignore' });
      return { exitCode, said: all };
    },
  };
}

/** Links to the programs of this machine, except those that build. */
async function linkPrograms(into: string): Promise<void> {
  for (const folder of ['/usr/bin', '/usr/local/bin']) {
    for (const name of await readdir(folder))
      if (!BUILDERS.test(name)) await symlink(join(folder, name), join(into, name)).catch(() => undefined);
  }
}
