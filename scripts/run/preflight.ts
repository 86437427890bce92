import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';

import type { Mesh } from '../../clusters/cluster.ts';
import { EXIT, MeshproofError, causeOf } from '../../clusters/errors.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { applyControl, readControl, readManifests } from '../../clusters/kubernetes/manifests.ts';
import { validateManifests } from '../../clusters/kubernetes/schemas.ts';
import { isForChecks } from '../../clusters/rigs/rig.ts';
import type { Traits } from '../../fixtures/results/traits.ts';
import { kindsOf, type Applied } from './applied-kinds.ts';
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
  /** Of which kinds checks apply objects; those that touch more than their rig's namespaces apart. */
  applied: Applied;
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
  const all: Manifest[] = [];
  const preflight: Omit<Preflight, 'applied'> = { files: [], meshWide: [] };
  const problems: unknown[] = [];
  for (const { id, file } of checks) {
    const stem = relative('', file).slice(0, -'.spec.ts'.length);
    const own = ['', '.control', '.change'].map((part) => `${stem}.${mesh}${part}.yaml`).filter((path) => existsSync(path));
    preflight.files.push(...own);
    try {
      const objects = await readAll(own, traits.get(id));
      if (traits.get(id)?.meshWide === true || objects.some(sharedAmong(objects))) preflight.meshWide.push(id);
      all.push(...objects);
    } catch (error) {
      problems.push(error);
    }
  }
  if (problems.length > 0) throw refusal(problems);
  // Whoever made the namespaces of a rig may make those of its checks.
  return {
    ...preflight,
    applied: kindsOf(
      all.filter((object) => !isNamespaceForChecks(object)),
      sharedAmong(all),
    ),
  };
}

/** The objects of the manifest and its stage, and those that the control and the change make of them. */
async function readAll(files: readonly string[], traits: Traits | undefined): Promise<Manifest[]> {
  const standing: Manifest[] =
    traits?.stage === undefined ? [] : await readManifests(traits.stage, await variablesOf(traits.stage, traits.variables));
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

/** Tells objects that others than the rig and its checks feel: what is in a namespace that is made with it is felt by nobody else. */
function sharedAmong(objects: readonly Manifest[]): (object: Manifest) => boolean {
  const own = new Set<string | undefined>(objects.filter(isNamespaceForChecks).map(({ metadata }) => metadata.name));
  return (object) => {
    if (isNamespaceForChecks(object)) return false;
    const { kind, metadata } = object;
    return CLUSTER_WIDE.test(kind) || !(OF_THE_RIG.includes(metadata.namespace) || own.has(metadata.namespace));
  };
}

function isNamespaceForChecks({ kind, metadata }: Manifest): boolean {
  return kind === 'Namespace' && isForChecks(metadata.name, VARIABLES.NAMESPACE);
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
