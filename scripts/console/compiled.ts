import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

import { variable } from '../../clusters/environment.ts';
import { cacheFolder } from '../../clusters/paths.ts';

/**
 * Lets Node keep what it compiles in the cache folder, for this process and the test runner that it starts: a command that has little to do
 * takes half the time. A command that makes nothing does not make the cache folder either; without one everything is compiled as ever.
 */
export async function keepCompiled(): Promise<void> {
  const folder = join(cacheFolder(), 'compiled');
  // Made here because Node would make the folders above too, and never return from below /proc.
  await mkdir(folder).catch(() => undefined);
  if (!existsSync(folder)) return;
  process.env['NODE_COMPILE_CACHE'] = variable('NODE_COMPILE_CACHE') ?? folder;
  enableCompileCache();
}
