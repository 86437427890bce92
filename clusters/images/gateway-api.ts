import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parse } from 'yaml';

import { MeshproofError } from '../errors.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import type { TaskContext } from '../task-context.ts';
import { artifact, hashOf, type Artifact } from './cache.ts';
import { moduleFiles, type GoModule } from './go.ts';

const MODULE = 'sigs.k8s.io/gateway-api';
const FILE = 'standard.json';

/** The version that a mesh's module requires, which is the one that its control plane was compiled with. */
export async function gatewayApiVersion(mesh: GoModule): Promise<string> {
  const file = join(mesh.folder, 'go.mod');
  const [, found] = new RegExp(`^(?:require)?\\s*${MODULE} (v\\S+)`, 'm').exec(await readFile(file, 'utf8')) ?? [];
  if (found === undefined) throw new MeshproofError('MODULE_MISSING', `${file} does not require ${MODULE}`);
  return found;
}

async function definitions(mesh: GoModule): Promise<Artifact> {
  return {
    name: 'gateway-api',
    hash: hashOf(MODULE, await gatewayApiVersion(mesh)),
    make: async (folder, task) => {
      task.progress?.('reading the Gateway API');
      const source = join(await moduleFiles(mesh, MODULE, task), 'config', 'crd', 'standard');
      // The other file there guards a cluster against older definitions.
      const names = (await readdir(source)).filter((name) => name.startsWith('gateway.networking.k8s.io_') && !name.includes('_vap_'));
      const texts = await Promise.all(names.toSorted().map((name) => readFile(join(source, name), 'utf8')));
      await writeFile(join(folder, FILE), JSON.stringify(texts.map((text): unknown => parse(text))));
    },
  };
}

/**
 * The Gateway API's custom resource definitions, standard channel, in the version that a mesh's pinned module requires.
 * They are files of their own Go module, read once and then kept in the cache.
 */
export async function gatewayApi(mesh: GoModule, task: TaskContext): Promise<Manifest[]> {
  const folder = await artifact(await definitions(mesh), task);
  return JSON.parse(await readFile(join(folder, FILE), 'utf8')) as Manifest[];
}
