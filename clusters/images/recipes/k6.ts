import { join } from 'node:path';

import { artifact } from '../cache.ts';
import { goArtifact, goModule } from '../go.ts';
import type { Image, Recipe } from '../image.ts';

/** The version in go/k6/go.mod. */
const NAME = 'docker.io/grafana/k6:1.8.1';

const k6 = () => goArtifact({ module: goModule('k6'), binaries: { k6: 'go.k6.io/k6' } });

/**
 * Its pod sleeps until a program is run in it, and inspects other processes, so it needs a shell; the published image contains all of
 * that too.
 */
const recipe: Recipe = {
  inputs: async () => [(await k6()).hash, 1],
  contents: async (task) => ({
    files: { '/usr/bin/k6': join(await artifact(await k6(), task), 'k6') },
    debian: ['/usr/bin/sh', '/usr/bin/cat', '/usr/bin/sleep'],
    texts: { '/etc/passwd': 'k6:x:12345:12345::/home/k6:/usr/sbin/nologin\n' },
    writable: ['/home/k6'],
    config: { Entrypoint: ['/usr/bin/k6'], Env: ['PATH=/usr/bin'], User: '12345:12345', WorkingDir: '/home/k6' },
  }),
};

export const K6_IMAGE: Image & { recipe: Recipe } = { name: NAME, upstream: NAME, recipe, part: 'sample' };
