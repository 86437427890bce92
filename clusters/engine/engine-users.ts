import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { identify, isAlive, type ProcessIdentity } from './processes.ts';

const usersFolder = (run: string): string => join(run, 'users');

/** Notes that this process counts on the private engine, so that another one does not stop it as long as this one lives. */
export async function useEngine(run: string): Promise<void> {
  await mkdir(usersFolder(run), { recursive: true });
  await writeFile(join(usersFolder(run), `${process.pid}`), JSON.stringify(await identify(process.pid)));
}

/** Numbers of the other processes that count on the private engine and live. */
export async function otherUsers(run: string): Promise<number[]> {
  const files = await readdir(usersFolder(run)).catch(() => []);
  const users = await Promise.all(
    files.map(async (file) => {
      const path = join(usersFolder(run), file);
      const user: ProcessIdentity = JSON.parse((await readFile(path, 'utf8').catch(() => '')) || '{"pid":0,"began":""}');
      if (user.pid !== 0 && (await isAlive(user))) return user.pid;
      await rm(path, { force: true });
      return undefined;
    }),
  );
  return users.filter((pid) => pid !== undefined && pid !== process.pid).map(Number);
}
