import { join } from 'node:path';

import { artifact, hashOf } from '../cache.ts';
import { goArtifact, goModule } from '../go.ts';
import type { Image, Recipe } from '../image.ts';
import { VERSIONS } from '../versions.ts';

/** Programs that run as external services, by the names of their images. */
export const EXTERNAL_IMAGE_NAMES = ['postgres', 'nginx', 'jaeger'] as const;
export type ExternalImageName = (typeof EXTERNAL_IMAGE_NAMES)[number];

const PATH = 'PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin';
/** Accounts have the IDs and names of the published images, so that both variants are started in the same way. */
const ACCOUNTS = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\npostgres:x:999:999::/tmp:/bin/sh\nnginx:x:101:101::/tmp:/bin/sh\n',
  '/etc/group': 'root:x:0:\npostgres:x:999:\nnginx:x:101:\n',
};

/** A recipe that takes programs from packages of the pinned Debian. */
function fromDebian(contents: { packages: string[]; debian: string[]; writable?: string[]; entrypoint: string[] }): Recipe {
  const { packages, debian, writable = [], entrypoint } = contents;
  return {
    inputs: async () => [VERSIONS.debian, contents, ACCOUNTS, PATH],
    contents: async () => ({
      files: {},
      packages,
      debian,
      texts: ACCOUNTS,
      writable,
      config: { Entrypoint: entrypoint, Env: [PATH] },
    }),
  };
}

const jaeger = () =>
  goArtifact({ module: goModule('jaeger'), binaries: { 'all-in-one': 'github.com/jaegertracing/jaeger/cmd/all-in-one' } });

const RECIPES: Record<ExternalImageName, { upstream: string; recipe: Recipe }> = {
  postgres: {
    upstream: 'docker.io/library/postgres:15',
    recipe: fromDebian({
      packages: ['postgresql-15'],
      // initdb asks the shell for the time zone and calls postgres; a server loads the rest of the folder at run time.
      debian: [
        '/usr/lib/postgresql/15/bin/postgres',
        '/usr/lib/postgresql/15/bin/initdb',
        '/usr/lib/postgresql/15/lib',
        '/usr/share/postgresql/15',
        '/usr/share/zoneinfo/UTC',
        '/usr/bin/sh',
      ],
      writable: ['/var/run/postgresql'],
      entrypoint: ['postgres'],
    }),
  },
  nginx: {
    upstream: 'docker.io/library/nginx:1.22',
    recipe: fromDebian({
      packages: ['nginx-light'],
      debian: ['/usr/sbin/nginx', '/usr/bin/sh'],
      writable: ['/var/log/nginx', '/var/lib/nginx', '/var/cache/nginx'],
      entrypoint: ['nginx'],
    }),
  },
  jaeger: {
    upstream: `docker.io/jaegertracing/all-in-one:${VERSIONS.jaeger}`,
    recipe: {
      inputs: async () => [(await jaeger()).hash],
      contents: async (task) => ({
        files: { '/usr/local/bin/all-in-one': join(await artifact(await jaeger(), task), 'all-in-one') },
        config: { Entrypoint: ['/usr/local/bin/all-in-one'] },
      }),
    },
  },
};

/** The image of an external service; its tag is a hash of its content. */
export async function externalImage(name: ExternalImageName): Promise<Image & { recipe: Recipe; upstream: string }> {
  const { upstream, recipe } = RECIPES[name];
  return { name: `docker.io/meshproof/${name}:${hashOf(await recipe.inputs())}`, upstream, recipe, part: 'external' };
}

/** The images of external services, which run on the engine's network and are not part of any node. */
export async function externalImages(): Promise<Image[]> {
  return await Promise.all(EXTERNAL_IMAGE_NAMES.map((name) => externalImage(name)));
}
