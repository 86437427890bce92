import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';

import type { ClusterDescription } from '../../clusters/cluster.ts';
import { descriptionFile } from '../../clusters/registry/description.ts';

/** The cluster that the setup project makes and the tests share. With MESHPROOF_SHARED and `--no-deps` they run on one that is up, and leave it. */
export const SHARED = process.env['MESHPROOF_SHARED'] ?? 'meshproof-selftest';

const ROOT = join(import.meta.dirname, '../..');

export const describe = async (name: string): Promise<ClusterDescription> =>
  JSON.parse(await readFile(descriptionFile(name), 'utf8')) as ClusterDescription;

/** Runs the command line as a user would; never throws for its exit code. */
export function meshproof(args: readonly string[], env: Record<string, string> = {}) {
  return execa(process.execPath, [join(ROOT, 'scripts/meshproof.ts'), ...args], {
    cwd: ROOT,
    env: { ...env, CI: 'true' },
    reject: false,
    all: true,
    stdin: 'ignore',
  });
}
