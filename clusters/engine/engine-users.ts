import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { makeFolder, readJson, writeWhole } from '../files.ts';
import { identify, identityIn, lifeOf } from './processes.ts';

const usersFolder = (run: string): string => join(run, 'users');

/** Records that this process uses the private engine, so that other processes do not stop it while this one is alive. */
export async function useEngine(run: string): Promise<void> {
  await makeFolder(usersFolder(run));
  await writeWhole(join(usersFolder(run), `${process.pid}`), JSON.stringify(await identify(process.pid)));
}

/** The records of other processes that use the private engine and are alive, or may be. Removes the records of dead ones. */
export async function otherUsers(run: string): Promise<string[]> {
  const files = await readdir(usersFolder(run)).catch((): string[] => []);
  const used = await Promise.all(
    files.map(async (file) => {
      const path = join(usersFolder(run), file);
      const reading = await readJson(path);
      // A draft of a record is soon renamed or removed.
      if (reading.found === 'nothing' || file.startsWith('.')) return false;
      const user = reading.found === 'value' ? identityIn(reading.value) : undefined;
      const life = await lifeOf(user);
      if (life === 'dead') await rm(path, { force: true });
      return life !== 'dead' && !(life === 'alive' && user?.pid === process.pid);
    }),
  );
  return files.filter((_, at) => used[at]);
}
