import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { makeFolder, readJson, writeWhole } from '../files.ts';
import { identify, identityIn, lifeOf } from './processes.ts';

const usersFolder = (run: string): string => join(run, 'users');

/** Notes that this process counts on the private engine, so that another one does not stop it as long as this one lives. */
export async function useEngine(run: string): Promise<void> {
  await makeFolder(usersFolder(run));
  await writeWhole(join(usersFolder(run), `${process.pid}`), JSON.stringify(await identify(process.pid)));
}

/** The records of the other processes that count on the private engine and live, or of which nobody can tell. Those of dead ones are removed. */
export async function otherUsers(run: string): Promise<string[]> {
  const files = await readdir(usersFolder(run)).catch((): string[] => []);
  const used = await Promise.all(
    files.map(async (file) => {
      const path = join(usersFolder(run), file);
      const reading = await readJson(path);
      // A draft of a record becomes one or goes.
      if (reading.found === 'nothing' || file.startsWith('.')) return false;
      const user = reading.found === 'value' ? identityIn(reading.value) : undefined;
      const life = await lifeOf(user);
      if (life === 'dead') await rm(path, { force: true });
      return life !== 'dead' && !(life === 'alive' && user?.pid === process.pid);
    }),
  );
  return files.filter((_, at) => used[at]);
}
