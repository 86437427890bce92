import { existsSync } from 'node:fs';
import { relative } from 'node:path';

import type { Mesh } from '../../clusters/cluster.ts';
import { EXIT, MeshproofError, causeOf } from '../../clusters/errors.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { applyControl, readControl, readManifests } from '../../clusters/kubernetes/manifests.ts';
import { validateManifests } from '../../clusters/kubernetes/schemas.ts';
import type { CheckFile } from './checks.ts';

/** Stand for the names that a rig has; what is read here is never applied. */
const VARIABLES = { NAMESPACE: 'meshproof-rig', OUTSIDE: 'meshproof-rig-outside', ROOT_NAMESPACE: 'meshproof-root' };
const OF_THE_RIG: readonly (string | undefined)[] = [undefined, VARIABLES.NAMESPACE, VARIABLES.OUTSIDE];
const CLUSTER_WIDE = /^(Cluster|Namespace$|CustomResourceDefinition$|.*WebhookConfiguration$)/;

export interface Preflight {
  /** Manifest and control files, relative to the working directory. */
  files: string[];
  /** Ids of the checks that touch more than the namespaces of their rig. */
  meshWide: string[];
}

/**
 * Reads the manifest and the control of every check, breaks the one by the other and holds both against the schemas, all without a cluster.
 * @throws MeshproofError with exit code 2 and everything that is wrong with any of them
 */
export async function checkManifests(checks: readonly CheckFile[], mesh: Mesh): Promise<Preflight> {
  const preflight: Preflight = { files: [], meshWide: [] };
  const problems: unknown[] = [];
  for (const { id, file } of checks) {
    const stem = relative('', file).slice(0, -'.spec.ts'.length);
    const files = [`${stem}.${mesh}.yaml`, `${stem}.${mesh}.control.yaml`].filter((path) => existsSync(path));
    preflight.files.push(...files);
    try {
      const objects = await readBoth(files);
      if (objects.some((object) => isShared(object))) preflight.meshWide.push(id);
    } catch (error) {
      problems.push(error);
    }
  }
  if (problems.length > 0) throw refusal(problems);
  return preflight;
}

/** The objects of the manifest, and those that the control makes of them. */
async function readBoth(files: readonly string[]): Promise<Manifest[]> {
  let objects: Manifest[] = [];
  const all: Manifest[] = [];
  for (const file of files) {
    const isControl = file.endsWith('.control.yaml');
    objects = isControl ? applyControl(objects, await readControl(file, VARIABLES), file) : await readManifests(file, VARIABLES);
    validateManifests(objects, file);
    all.push(...objects);
  }
  return all;
}

function isShared({ kind, metadata }: Manifest): boolean {
  return CLUSTER_WIDE.test(kind) || !OF_THE_RIG.includes(metadata.namespace);
}

function refusal(problems: readonly unknown[]): MeshproofError {
  const [first] = problems;
  const known = first instanceof MeshproofError ? first : undefined;
  return new MeshproofError(known?.code ?? 'MANIFEST_UNREADABLE', problems.map((problem) => causeOf(problem)).join('\n'), {
    hint: known?.hint ?? 'mend the manifest; nothing was started',
    cause: first,
    exitCode: EXIT.usage,
  });
}
