import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';

import type { Mesh } from '../../clusters/cluster.ts';
import { EXIT, MeshproofError, causeOf } from '../../clusters/errors.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { applyControl, readControl, readManifests } from '../../clusters/kubernetes/manifests.ts';
import { validateManifests } from '../../clusters/kubernetes/schemas.ts';
import type { Traits } from '../../fixtures/results/traits.ts';
import type { CheckFile } from './checks.ts';

/** Stand for the names that a rig has; what is read here is never applied. */
const VARIABLES = {
  NAMESPACE: 'meshproof-rig',
  NEIGHBOUR: 'meshproof-rig-neighbour',
  OUTSIDE: 'meshproof-rig-outside',
  ROOT_NAMESPACE: 'meshproof-root',
};
const OF_THE_RIG: readonly (string | undefined)[] = [undefined, VARIABLES.NAMESPACE, VARIABLES.NEIGHBOUR, VARIABLES.OUTSIDE];
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
export async function checkManifests(
  checks: readonly CheckFile[],
  mesh: Mesh,
  traits: ReadonlyMap<string, Traits> = new Map(),
): Promise<Preflight> {
  const preflight: Preflight = { files: [], meshWide: [] };
  const problems: unknown[] = [];
  for (const { id, file } of checks) {
    const stem = relative('', file).slice(0, -'.spec.ts'.length);
    const own = ['', '.control', '.change'].map((part) => `${stem}.${mesh}${part}.yaml`).filter((path) => existsSync(path));
    preflight.files.push(...own);
    try {
      const objects = await readAll(own, traits.get(id));
      if (objects.some((object) => isShared(object))) preflight.meshWide.push(id);
    } catch (error) {
      problems.push(error);
    }
  }
  if (problems.length > 0) throw refusal(problems);
  return preflight;
}

/** The objects of the manifest and its stage, and those that the control and the change make of them. */
async function readAll(files: readonly string[], traits: Traits | undefined): Promise<Manifest[]> {
  const standing: Manifest[] = traits?.stage === undefined ? [] : await readManifests(traits.stage, VARIABLES);
  const all: Manifest[] = [...standing];
  for (const file of files) {
    const variables = await variablesOf(file, traits?.variables === true);
    const isPatch = /\.(control|change)\.yaml$/.test(file);
    const objects = isPatch ? applyControl(standing, await readControl(file, variables), file) : await readManifests(file, variables);
    validateManifests(objects, file);
    if (!isPatch) standing.push(...objects);
    all.push(...objects);
  }
  return all;
}

/** The variables of a rig, and where more become known at run time a word for each that the file asks for. */
async function variablesOf(file: string, moreAtRunTime: boolean): Promise<Record<string, string>> {
  if (!moreAtRunTime) return VARIABLES;
  const asked = (await readFile(file, 'utf8')).matchAll(/\$\((\w+)\)/g);
  return { ...Object.fromEntries([...asked].map(([, name = '']) => [name, `${name} of the run`])), ...VARIABLES };
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
