import { createServer, type Server } from 'node:net';

import { until } from '../until.ts';
import type { Work } from '../work.ts';

/**
 * Runs `action` while no other process of this machine runs one under the same name.
 * The lock is a Linux abstract socket: the kernel lets go of it when its holder dies, so there is no stale lock to judge.
 */
export async function exclusively<T>(name: string, action: () => Promise<T>, work: Work = {}): Promise<T> {
  let waiting = false;
  const lock = await until(
    async () => {
      const taken = await listen(`\0meshproof/${name}`);
      if (taken === undefined && !waiting) work.progress?.(`waiting for another meshproof to be done with the ${name}`);
      waiting = taken === undefined;
      return taken;
    },
    {
      what: `another meshproof to be done with the ${name}`,
      timeoutMs: 900_000,
      everyMs: 200,
      ...(work.signal ? { signal: work.signal } : {}),
    },
  );
  try {
    return await action();
  } finally {
    lock.close();
  }
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen({ path }, () => resolve(server.unref()));
  });
}
