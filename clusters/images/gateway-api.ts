import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parse } from 'yaml';

import { MeshproofError } from '../errors.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import type { Work } from '../work.ts';
import { artifact, hashOf, type Artifact } from './cache.ts';
import { moduleFiles } from './go.ts';

const MODULE = 'sigs.k8s.io/gateway-api';
const FILE = 'standard.json';

/** The version that Istio's module requires, which is the one that istiod was compiled with. */
async function version(): Promise<string> {
  const file = join(import.meta.dirname, 'go', 'istio', 'go.mod');
  const [, found] = new RegExp(`^\\s*${MODULE} (v\\S+)`, 'm').exec(await readFile(file, 'utf8')) ?? [];
  if (found === undefined) throw new MeshproofError('MODULE_MISSING', `${file} does not require ${MODULE}`);
  return found;
}

async function definitions(): Promise<Artifact> {
  return {
    name: 'gateway-api',
    hash: hashOf(MODULE, await version()),
    make: async (folder, work) => {
      work.progress?.('reading the Gateway API');
      const source = join(await moduleFiles('istio', MODULE, work), 'config', 'crd', 'standard');
      // The other file there guards a cluster against older definitions.
      const names = (await readdir(source)).filter((name) => name.startsWith('gateway.networking.k8s.io_') && !name.includes('_vap_'));
      const texts = await Promise.all(names.toSorted().map((name) => readFile(join(source, name), 'utf8')));
      await writeFile(join(folder, FILE), JSON.stringify(texts.map((text): unknown => parse(text))));
    },
  };
}

/**
 * The Gateway API's custom resource definitions, standard channel, in the version that the pinned Istio requires.
 * They are files of its Go module, read once and then kept in the cache.
 */
export async function gatewayApi(work: Work): Promise<Manifest[]> {
  const folder = await artifact(await definitions(), work);
  return JSON.parse(await readFile(join(folder, FILE), 'utf8')) as Manifest[];
}
