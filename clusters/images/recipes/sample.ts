import type { Image, Recipe } from '../image.ts';

/** The running version of Node.js, with which the agent was tested. */
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

/** The stock image of the sample services. The agent is in a ConfigMap, so a change of it needs no other image. */
export const SAMPLE_IMAGE: Image & { recipe: Recipe } = { name: NAME, upstream: NAME, recipe, part: 'sample' };
