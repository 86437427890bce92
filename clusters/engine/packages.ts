import { constants } from 'node:fs';
import { access, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

import { MeshproofError } from '../errors.ts';
import { exec } from '../exec.ts';
import type { TaskContext } from '../task-context.ts';

/** The programs of a private engine, with the Debian or Ubuntu package of each. */
const PACKAGES: Record<string, string> = {
  dockerd: 'docker.io',
  docker: 'docker.io',
  containerd: 'containerd',
  runc: 'runc',
  iptables: 'iptables',
  'iptables-save': 'iptables',
  ip: 'iproute2',
  jq: 'jq',
};

/** PATH with the folders of system programs, which are often missing for ordinary users. */
export function systemPath(): string {
  return [process.env['PATH'], '/usr/local/sbin', '/usr/sbin', '/sbin'].filter(Boolean).join(delimiter);
}

/** The absolute path of a program, or undefined. */
async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of systemPath().split(delimiter)) {
    const path = join(folder, name);
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}

async function missing(): Promise<string[]> {
  const found = await Promise.all(Object.keys(PACKAGES).map(async (program) => ((await findProgram(program)) ? undefined : program)));
  return found.filter((program) => program !== undefined);
}

/**
 * Ensures that the programs of a Docker engine are installed, from the distribution's packages and without starting their services.
 * @throws MeshproofError `ENGINE_PACKAGES` if the distribution cannot provide them.
 */
export async function installEngine(task: TaskContext): Promise<void> {
  let programs = await missing();
  if (programs.length === 0) return;
  if (!(await findProgram('apt-get'))) {
    throw new MeshproofError(
      'ENGINE_PACKAGES',
      `a Docker engine needs ${programs.join(', ')}, and this system has no apt-get to install them`,
      {
        hint: 'install Docker with the package manager of your distribution',
      },
    );
  }
  await withoutServiceStart(async () => {
    await install([...new Set(programs.map((program) => PACKAGES[program] ?? program))], task);
    programs = await missing();
    // In newer releases, the client is a separate package.
    if (programs.includes('docker')) await install(['docker-cli'], task);
  });
  programs = await missing();
  if (programs.length > 0)
    throw new MeshproofError('ENGINE_PACKAGES', `${programs.join(', ')} could not be installed from the distribution's packages`);
}

async function install(packages: string[], task: TaskContext): Promise<void> {
  task.progress?.(`installing ${packages.join(', ')} from the distribution`);
  const apt = (args: string[]): Promise<string> => aptGet(args, task);
  const wanted = ['install', '-y', '--no-install-recommends', ...packages];
  try {
    await apt(wanted);
  } catch {
    // The package index may be missing or outdated.
    task.signal?.throwIfAborted();
    task.progress?.('updating the package index');
    await apt(['update']);
    task.progress?.(`installing ${packages.join(', ')} from the distribution`);
    await apt(wanted);
  }
}

/** Makes apt-get retry a failed download, at most three times. */
export const RETRIES: readonly string[] = ['-o', 'Acquire::Retries=3'];

/**
 * Runs apt-get to its end: killing it can leave packages half configured, and the system without a working package manager. An interruption
 * takes effect when it has ended, or after `patienceMs`.
 * @throws the errors of `exec`, or the signal's reason once apt-get has ended
 */
export async function aptGet(args: readonly string[], { signal, progress }: TaskContext, patienceMs = 600_000): Promise<string> {
  signal?.throwIfAborted();
  const enough = new AbortController();
  let patience: NodeJS.Timeout | undefined;
  const interrupted = (): void => {
    progress?.('waiting for apt-get to end: interrupting it would leave packages half installed');
    patience = setTimeout(() => enough.abort(signal?.reason), patienceMs);
  };
  signal?.addEventListener('abort', interrupted, { once: true });
  try {
    return await exec('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...RETRIES, '-q', ...args], {
      timeoutMs: 1_800_000,
      env: { DEBIAN_FRONTEND: 'noninteractive', PATH: systemPath() },
      signal: enough.signal,
      apart: true,
    });
  } finally {
    signal?.removeEventListener('abort', interrupted);
    clearTimeout(patience);
    signal?.throwIfAborted();
  }
}

/** The hook with which an administrator of a Debian system prevents installations from starting services. */
export const SERVICE_POLICY = '/usr/sbin/policy-rc.d';
export const SERVICE_POLICY_TEXT = '#!/bin/sh\n# meshproof: no service starts while its packages are installed\nexit 101\n';

async function withoutServiceStart(action: () => Promise<void>): Promise<void> {
  // `wx` keeps an administrator's own policy.
  const ours = await writeFile(SERVICE_POLICY, SERVICE_POLICY_TEXT, { mode: 0o755, flag: 'wx' }).then(
    () => true,
    () => false,
  );
  try {
    await action();
  } finally {
    if (ours) await rm(SERVICE_POLICY, { force: true });
  }
}
