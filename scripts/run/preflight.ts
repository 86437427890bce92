import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';

import { EXIT, MeshproofError, causeOf } from '../../clusters/errors.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { applyControl, readControl, readManifests } from '../../clusters/kubernetes/manifests.ts';
import { validateManifests } from '../../clusters/kubernetes/schemas.ts';
import type { Confines, MeshFacts } from '../../clusters/mesh/facts.ts';
import { meshModule } from '../../clusters/meshes.ts';
import { isForChecks } from '../../clusters/rigs/rig.ts';
import { filesOf, type CheckFiles, type CheckSpec } from '../../fixtures/contract/catalogue.ts';
import type { Traits } from '../../fixtures/contract/traits.ts';
import { rigVariables } from '../../fixtures/contract/variables.ts';
import type { AppliedByChecks, UpOptions } from '../../clusters/provider.ts';
import { isInjectedByHand } from '../../fixtures/contract/by-hand.ts';
import { kindsOf } from './kinds.ts';

/** Placeholders for the names of a rig; what is read here is never applied. */
export const VARIABLES = rigVariables(
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

/** A mesh, and the version whose kinds the manifests must match; default the newest. */
type OfMesh = Pick<UpOptions, 'mesh' | 'meshVersion'>;

export interface Preflight {
  /** Manifest and control files of each check by its ID, relative to the working directory. */
  files: Map<string, string[]>;
  /** IDs of the checks that touch more than the namespaces of their rig. */
  meshWide: string[];
  /** What the checks do in a cluster. */
  applied: AppliedByChecks;
}

/**
 * Reads the manifest, the control and the change of every check, applies the patches, and validates the results. Needs no cluster.
 * @throws MeshproofError with exit code 2 that lists every problem
 */
export async function checkManifests(
  checks: readonly CheckSpec[],
  of: OfMesh,
  traits: ReadonlyMap<string, Traits> = new Map(),
): Promise<Preflight> {
  const all: Manifest[] = [];
  const preflight: Omit<Preflight, 'applied'> = { files: new Map(), meshWide: [] };
  const problems: unknown[] = [];
  for (const check of checks) {
    const { id } = check;
    const own = filesOf({ ...check, spec: relative('', check.spec) }, of.mesh);
    preflight.files.set(id, filesIn(own));
    try {
      const objects = await readAll(own, of, traits.get(id));
      if (traits.get(id)?.meshWide === true || objects.some(sharedAmong(objects))) preflight.meshWide.push(id);
      all.push(...objects);
    } catch (error) {
      problems.push(error);
    }
  }
  if (problems.length > 0) throw refusal(problems);
  const chosen = checks.flatMap(({ id }) => traits.get(id) ?? []);
  // Namespaces of checks need no permissions beyond those for the namespaces of the rig.
  return {
    ...preflight,
    applied: {
      ...kindsOf(
        all.filter((object) => !isNamespaceForChecks(object)),
        sharedAmong(all),
      ),
      assumes: [...new Set(chosen.flatMap(({ assumes = [] }) => assumes))],
      uses: {
        manualInjection: all.some(isInjectedByHand),
        load: chosen.some(({ load }) => load === true),
        injectorOutage: chosen.some(({ faults = [] }) => faults.includes('injector')),
      },
    },
  };
}

/**
 * The objects of the manifest and its base, and the results of the control and the change.
 * @throws MeshproofError `REACHES_BEYOND_RIG` for objects that would affect proxies outside the rig, unless the check is mesh-wide
 */
async function readAll(files: CheckFiles, { mesh, meshVersion }: OfMesh, traits: Traits | undefined): Promise<Manifest[]> {
  if (traits?.base === undefined && filesIn(files).length === 0) return [];
  const { facts } = await meshModule(mesh);
  const standing: Manifest[] =
    traits?.base === undefined ? [] : await readManifests(traits.base, await variablesOf(traits.base, traits.variables));
  const read: Read[] = traits?.base === undefined ? [] : [{ file: relative('', traits.base), objects: [...standing] }];
  for (const file of filesIn(files)) {
    const variables = await variablesOf(file, traits?.variables === true);
    const isPatch = file !== files.manifest;
    const objects = isPatch ? applyControl(standing, await readControl(file, variables), file) : await readManifests(file, variables);
    validateManifests(objects, file, facts.schemas(meshVersion));
    if (!isPatch) standing.push(...objects);
    read.push({ file, objects });
  }
  if (traits?.meshWide !== true) refuseReaches(read, facts);
  return read.flatMap(({ objects }) => objects);
}

/** The files that a check has. */
function filesIn({ manifest, control, change }: CheckFiles): string[] {
  return [manifest, control, change].filter((file) => file !== undefined);
}

/** The objects in a file, or the result of patching another file's objects with it. */
interface Read {
  file: string;
  objects: readonly Manifest[];
}

/** @throws MeshproofError `REACHES_BEYOND_RIG`; a problem that a patch leaves unchanged is reported for the patched file only */
function refuseReaches(read: readonly Read[], facts: MeshFacts): void {
  const confines = islandOf(
    read.flatMap(({ objects }) => objects),
    facts,
  );
  const found = new Map<string, string>();
  for (const { file, objects } of read) {
    for (const words of facts.reachesOf(objects, confines)) if (!found.has(words)) found.set(words, file);
  }
  if (found.size === 0) return;
  throw new MeshproofError('REACHES_BEYOND_RIG', [...found].map(([words, file]) => `${file}: ${words}`).join('\n'), {
    hint: 'the objects of a check may only affect proxies of its own rig; nothing was started',
    exitCode: EXIT.usage,
  });
}

/** The rig, with the namespaces that its check creates or installs a mesh in. */
function islandOf(objects: readonly Manifest[], facts: MeshFacts): Confines {
  const { NAMESPACE, NEIGHBOUR, UNMESHED } = VARIABLES;
  const made = objects.flatMap((object) => {
    if (isNamespaceForChecks(object)) return [object.metadata.name];
    return facts.describesRevision(object) && object.metadata.namespace !== undefined ? [object.metadata.namespace] : [];
  });
  return { rig: NAMESPACE, namespaces: new Set([NAMESPACE, NEIGHBOUR, UNMESHED, ...made]) };
}

/** The variables of a rig; if others are known only at run time, also a placeholder for each that the file uses. */
async function variablesOf(file: string, moreAtRunTime: boolean): Promise<Record<string, string>> {
  if (!moreAtRunTime) return VARIABLES;
  const asked = (await readFile(file, 'utf8')).matchAll(/\$\((\w+)\)/g);
  return { ...Object.fromEntries([...asked].map(([, name = '']) => [name, `${name} of the run`])), ...VARIABLES };
}

/** Whether an object is cluster-wide, or in a namespace that belongs neither to the rig nor to these objects. */
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
