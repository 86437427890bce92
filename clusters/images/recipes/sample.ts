import type { Image, Recipe } from '../image.ts';

/** Of the Node.js that runs here: what the agent was tested with. */
const NAME = `docker.io/library/node:${process.versions.node}-slim`;

const recipe: Recipe = {
  inputs: async () => [process.version, 2],
  contents: async () => ({
    files: { '/usr/local/bin/node': process.execPath },
    texts: { '/etc/passwd': 'root:x:0:0:root:/root:/usr/sbin/nologin\nnode:x:1000:1000::/home/node:/usr/sbin/nologin\n' },
    writable: ['/home/node'],
    config: { Entrypoint: ['node'], Env: ['PATH=/usr/local/bin:/usr/bin'] },
  }),
};

/** The sample services' image: a stock one. The agent that they run comes to them in a ConfigMap, so a change of it asks for no other image. */
export const SAMPLE_IMAGE: Image & { recipe: Recipe } = { name: NAME, upstream: NAME, recipe, part: 'sample' };
