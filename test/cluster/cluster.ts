import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';

import { variable } from '../../clusters/environment.ts';
import type { ClusterDescription } from '../../clusters/cluster.ts';
import { descriptionFile } from '../../clusters/registry/description.ts';

/**
 * The cluster that the setup project creates and the tests share. With MESHPROOF_SHARED and `--no-deps` they run on an existing one, and
 * keep it.
 */
export const SHARED = variable('MESHPROOF_SHARED') ?? 'meshproof-selftest';

const ROOT = join(import.meta.dirname, '../..');

export const describe = async (name: string): Promise<ClusterDescription> =>
  JSON.parse(await readFile(descriptionFile(name), 'utf8')) as ClusterDescription;

/** Runs the command line like a user; an exit code never makes it throw. */
export function meshproof(args: readonly string[], env: Record<string, string> = {}) {
  return execa(process.execPath, [join(ROOT, 'scripts/meshproof.ts'), ...args], {
    cwd: ROOT,
    env: { ...env, CI: 'true' },
    reject: false,
    all: true,
    stdin: 'ignore',
  });
}
