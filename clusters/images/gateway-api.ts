import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parse } from 'yaml';

import { MeshproofError } from '../errors.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import { isObject } from '../kubernetes/merge-patch.ts';
import type { TaskContext } from '../task-context.ts';
import { moduleFiles, type GoModule } from './go.ts';

const MODULE = 'sigs.k8s.io/gateway-api';

/** The experimental channel also contains and serves kinds and versions that are not stable yet. */
export type GatewayChannel = 'standard' | 'experimental';

/**
 * The file with the definitions in a mesh version's folder, one on each line. It is generated, so that installing them does not need Go.
 */
export const gatewayApiFile = ({ folder }: GoModule): string => join(folder, 'gateway-api.ndjson');

/** The version that a mesh's module requires, which its control plane was compiled with. */
export async function gatewayApiVersion(mesh: GoModule): Promise<string> {
  const file = join(mesh.folder, 'go.mod');
  const [, found] = new RegExp(`^(?:require)?\\s*${MODULE} (v\\S+)`, 'm').exec(await readFile(file, 'utf8')) ?? [];
  if (found === undefined) throw new MeshproofError('MODULE_MISSING', `${file} does not require ${MODULE}`);
  return found;
}

/**
 * The Gateway API's custom resource definitions in the version that a mesh's pinned module requires, of the channel that its module
 * specifies.
 */
export async function gatewayApi(mesh: GoModule): Promise<Manifest[]> {
  const lines = (await readFile(gatewayApiFile(mesh), 'utf8')).split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Manifest);
}

/** The content of that file, generated from the module; needs Go. */
export async function gatewayApiText(mesh: GoModule, channel: GatewayChannel, task: TaskContext): Promise<string> {
  const source = join(await moduleFiles(mesh, MODULE, task), 'config', 'crd', channel);
  // The other file there protects a cluster from older definitions.
  const names = (await readdir(source)).filter((name) => name.startsWith('gateway.networking.k8s.io_') && !name.includes('_vap_'));
  const texts = await Promise.all(names.toSorted().map((name) => readFile(join(source, name), 'utf8')));
  return texts.map((text) => `${JSON.stringify(withoutDescriptions(parse(text)))}\n`).join('');
}

/** Descriptions are nine tenths of a definition, and no API server needs them; a property of that name is an object and is kept. */
function withoutDescriptions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDescriptions);
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([name, member]) => name !== 'description' || typeof member !== 'string');
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutDescriptions(member)]));
}
