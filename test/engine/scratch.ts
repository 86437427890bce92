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

/** Folders for cache and state of the test's own, as long as the scope lasts. The path is that of the state. */
export async function scratchCache(): Promise<Scratch> {
  const folder = await scratchFolder();
  const before = { MESHPROOF_CACHE: process.env['MESHPROOF_CACHE'], MESHPROOF_STATE: process.env['MESHPROOF_STATE'] };
  const path = join(folder.path, 'state');
  Object.assign(process.env, { MESHPROOF_CACHE: join(folder.path, 'cache'), MESHPROOF_STATE: path });
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      for (const [name, value] of Object.entries(before)) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
      await folder[Symbol.asyncDispose]();
    },
  };
}
