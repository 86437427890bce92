import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';

import { EXIT, MeshproofError, causeOf } from '../../clusters/errors.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { applyControl, readControl, readManifests } from '../../clusters/kubernetes/manifests.ts';
import { validateManifests } from '../../clusters/kubernetes/schemas.ts';
import type { Island, MeshFacts } from '../../clusters/mesh/facts.ts';
import { meshModule, type Mesh } from '../../clusters/meshes.ts';
import { isForChecks } from '../../clusters/rigs/rig.ts';
import { filesOf, type CheckFiles, type CheckSpec } from '../../fixtures/contract/catalogue.ts';
import type { Traits } from '../../fixtures/contract/traits.ts';
import { rigVariables } from '../../fixtures/contract/variables.ts';
import type { AppliedByChecks } from '../../clusters/provider.ts';
import { isInjectedByHand } from '../../fixtures/contract/by-hand.ts';
import { kindsOf } from './kinds.ts';

/** Stand for the names that a rig has; what is read here is never applied. */
const VARIABLES = rigVariables(
  'meshproof-rig',
  {
    rootNamespace: 'meshproof-root',
    trustDomain: 'meshproof.test',
    clusterDomain: 'cluster.test',
    injection: { label: 'meshproof.test/inject', value: 'enabled' },
  },
  'the agent',
);
const OF_THE_RIG: readonly (string | undefined)[] = [undefined, VARIABLES.NAMESPACE, VARIABLES.NEIGHBOUR, VARIABLES.UNMESHED];
const CLUSTER_WIDE = /^(Cluster|Namespace$|CustomResourceDefinition$|.*WebhookConfiguration$)/;

export interface Preflight {
  /** Manifest and control files, relative to the working directory. */
  files: string[];
  /** Ids of the checks that touch more than the namespaces of their rig. */
  meshWide: string[];
  /** What the checks do in a cluster. */
  applied: AppliedByChecks;
}

/**
 * Reads the manifest and the control of every check, breaks the one by the other and holds both against the schemas, all without a cluster.
 * @throws MeshproofError with exit code 2 and everything that is wrong with any of them
 */
export async function checkManifests(
  checks: readonly CheckSpec[],
  mesh: Mesh,
  traits: ReadonlyMap<string, Traits> = new Map(),
): Promise<Preflight> {
  const all: Manifest[] = [];
  const preflight: Omit<Preflight, 'applied'> = { files: [], meshWide: [] };
  const problems: unknown[] = [];
  for (const check of checks) {
    const { id } = check;
    const own = filesOf({ ...check, spec: relative('', check.spec) }, mesh);
    preflight.files.push(...filesIn(own));
    try {
      const objects = await readAll(own, mesh, traits.get(id));
      if (traits.get(id)?.meshWide === true || objects.some(sharedAmong(objects))) preflight.meshWide.push(id);
      all.push(...objects);
    } catch (error) {
      problems.push(error);
    }
  }
  if (problems.length > 0) throw refusal(problems);
  const chosen = checks.flatMap(({ id }) => traits.get(id) ?? []);
  // Whoever made the namespaces of a rig may make those of its checks.
  return {
    ...preflight,
    applied: {
      ...kindsOf(
        all.filter((object) => !isNamespaceForChecks(object)),
        sharedAmong(all),
      ),
      assumes: [...new Set(chosen.flatMap(({ assumes = [] }) => assumes))],
      uses: { manualInjection: all.some(isInjectedByHand), load: chosen.some(({ load }) => load === true) },
    },
  };
}

/**
 * The objects of the manifest and its base, and those that the control and the change make of them.
 * @throws MeshproofError `REACHES_BEYOND_RIG` for what proxies of others would feel, unless that is what the check is about
 */
async function readAll(files: CheckFiles, mesh: Mesh, traits: Traits | undefined): Promise<Manifest[]> {
  if (traits?.base === undefined && filesIn(files).length === 0) return [];
  const { facts } = await meshModule(mesh);
  const standing: Manifest[] =
    traits?.base === undefined ? [] : await readManifests(traits.base, await variablesOf(traits.base, traits.variables));
  const read: Read[] = traits?.base === undefined ? [] : [{ file: relative('', traits.base), objects: [...standing] }];
  for (const file of filesIn(files)) {
    const variables = await variablesOf(file, traits?.variables === true);
    const isPatch = file !== files.manifest;
    const objects = isPatch ? applyControl(standing, await readControl(file, variables), file) : await readManifests(file, variables);
    validateManifests(objects, file, facts.schemas());
    if (!isPatch) standing.push(...objects);
    read.push({ file, objects });
  }
  if (traits?.meshWide !== true) refuseReaches(read, facts);
  return read.flatMap(({ objects }) => objects);
}

/** Those of a check's files that are there. */
function filesIn({ manifest, control, change }: CheckFiles): string[] {
  return [manifest, control, change].filter((file) => file !== undefined);
}

/** The objects that a file has, or leaves of those of another. */
interface Read {
  file: string;
  objects: readonly Manifest[];
}

/** @throws MeshproofError `REACHES_BEYOND_RIG`; what a patch leaves as it was is told of the file that has it */
function refuseReaches(read: readonly Read[], facts: MeshFacts): void {
  const island = islandOf(
    read.flatMap(({ objects }) => objects),
    facts,
  );
  const found = new Map<string, string>();
  for (const { file, objects } of read) {
    for (const words of facts.reachesOf(objects, island)) if (!found.has(words)) found.set(words, file);
  }
  if (found.size === 0) return;
  throw new MeshproofError('REACHES_BEYOND_RIG', [...found].map(([words, file]) => `${file}: ${words}`).join('\n'), {
    hint: 'the objects of a check may only affect proxies of its own rig; nothing was started',
    exitCode: EXIT.usage,
  });
}

/** The rig, with the namespaces that its check makes or installs a mesh in. */
function islandOf(objects: readonly Manifest[], facts: MeshFacts): Island {
  const { NAMESPACE, NEIGHBOUR, UNMESHED } = VARIABLES;
  const made = objects.flatMap((object) => {
    if (isNamespaceForChecks(object)) return [object.metadata.name];
    return facts.describesRevision(object) && object.metadata.namespace !== undefined ? [object.metadata.namespace] : [];
  });
  return { rig: NAMESPACE, namespaces: new Set([NAMESPACE, NEIGHBOUR, UNMESHED, ...made]) };
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
    hint: known?.hint ?? 'fix the manifest; nothing was started',
    cause: first,
    exitCode: EXIT.usage,
  });
}
