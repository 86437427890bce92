import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Scratch extends AsyncDisposable {
  path: string;
}

/** A new folder that is removed at the end of the scope. */
export async function scratchFolder(): Promise<Scratch> {
  const path = await mkdtemp(join(tmpdir(), 'meshproof-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Separate cache and state folders until the end of the scope. The path is that of the state folder. */
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
