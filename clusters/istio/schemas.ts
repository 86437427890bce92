import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { moduleFiles } from '../images/go.ts';
import type { Definitions } from '../kubernetes/definitions.ts';
import { KindSchemas } from '../kubernetes/kind-schemas.ts';
import type { TaskContext } from '../task-context.ts';
import { istioVersion } from './versions.ts';

const MODULE = 'istio.io/istio';
/** The definitions that istioctl installs. */
const FILE = 'manifests/charts/base/files/crd-all.gen.yaml';
/** The group of istioctl's own documents, for which an installation has no definition. */
const OF_THE_TOOL = 'install.istio.io';

const read = new Map<string, KindSchemas>();

/** The schemas of a version's kinds. */
export function schemas(version?: string): KindSchemas {
  const { name, folder } = istioVersion(version);
  const known = read.get(name) ?? new KindSchemas(join(folder, 'schemas.json'), [OF_THE_TOOL]);
  read.set(name, known);
  return known;
}

/** Reads the definitions of a version from its pinned module. */
export async function definitions(version: string, task: TaskContext): Promise<Definitions> {
  const folder = await moduleFiles(istioVersion(version).module, MODULE, task);
  const [, revision = ''] = basename(folder).split('@');
  return { from: `${MODULE} ${revision}, ${FILE}; Apache-2.0`, text: await readFile(join(folder, FILE), 'utf8') };
}
