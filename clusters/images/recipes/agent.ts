import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { folderInputs, hashOf } from '../cache.ts';
import type { Image, Recipe } from '../image.ts';

const SOURCE = join(import.meta.dirname, '../../../fixtures/agent');
const WS = dirname(createRequire(import.meta.url).resolve('ws/package.json'));

/** The agent's files, the pinned Node that runs them as they are, and its one dependency. */
const recipe: Recipe = {
  inputs: async () => {
    const { version } = JSON.parse(await readFile(join(WS, 'package.json'), 'utf8')) as { version: string };
    return [await folderInputs(SOURCE), process.version, version, 1];
  },
  contents: async () => ({
    files: { '/usr/local/bin/node': process.execPath, '/app/agent': SOURCE, '/app/node_modules/ws': WS },
    texts: { '/app/package.json': '{"type":"module"}\n', '/etc/passwd': 'agent:x:1000:1000::/app:/usr/sbin/nologin\n' },
    config: { Entrypoint: ['/usr/local/bin/node', '/app/agent/main.ts'], User: '1000:1000', WorkingDir: '/app' },
  }),
};

/** The sample services' image; its tag is the hash of what is in it, so a changed agent is never mistaken for the old one. */
export async function agentImage(): Promise<Image> {
  return { name: `docker.io/meshproof/agent:${hashOf(await recipe.inputs())}`, recipe, part: 'sample' };
}
