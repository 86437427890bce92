import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Scratch extends AsyncDisposable {
  path: string;
}

/** A new folder that goes with the scope that asked for it. */
export async function scratchFolder(): Promise<Scratch> {
  const path = await mkdtemp(join(tmpdir(), 'meshproof-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A cache folder of the test's own, as long as the scope lasts. */
export async function scratchCache(): Promise<Scratch> {
  const folder = await scratchFolder();
  const before = process.env['MESHPROOF_CACHE'];
  process.env['MESHPROOF_CACHE'] = folder.path;
  return {
    path: folder.path,
    [Symbol.asyncDispose]: async () => {
      if (before === undefined) delete process.env['MESHPROOF_CACHE'];
      else process.env['MESHPROOF_CACHE'] = before;
      await folder[Symbol.asyncDispose]();
    },
  };
}
