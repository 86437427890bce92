import { resolve } from 'node:path';

import { execa } from 'execa';

import { EXIT, MeshproofError } from '../../clusters/errors.ts';
import type { ExternalImageName } from '../../clusters/images/recipes/external.ts';
import { omitUndefined } from '../../clusters/kubernetes/omit-undefined.ts';
import type { UpOptions } from '../../clusters/provider.ts';
import { clusters } from '../../clusters/registry/description.ts';
import type { CheckSpec } from '../../fixtures/contract/catalogue.ts';
import { faultsRefused, type FaultKind } from '../../fixtures/contract/faults.ts';
import { DEFAULTS, type Keep, type RunSettings } from '../../fixtures/contract/settings.ts';
import { NOT_MESH_WIDE, type Traits } from '../../fixtures/contract/traits.ts';
import { outOfReach, type Under } from '../../fixtures/contract/under.ts';
import type { ClusterOptions } from '../console/cluster-options.ts';
import type { Progress } from '../console/progress.ts';
import { chooseChecks, listChecks, runnerFilters, type Choice } from './checks.ts';
import { externalImagesOf } from './external-services.ts';
import { loadChecks } from './playwright.ts';
import { checkManifests } from './preflight.ts';
import { contradiction, providerOf, requireImageSource, requireMeshVersion } from './provider.ts';
import { readEarlier } from './report-folder.ts';
import { consoleFor } from './runner-environment.ts';
import { runnerArguments } from './runner-options.ts';
import { defaultWorkers } from './workers.ts';

/** The options of `meshproof test` that determine what is run, and where. The options of the test runner are in addition. */
export interface RunOptions extends ClusterOptions {
  control: boolean;
  under?: Under;
  workers?: number;
  cluster?: string;
  keep?: true | Exclude<Keep, 'no'>;
  against?: string;
  short?: boolean;
  reporter?: string;
  fresh?: boolean;
  allowMeshWide?: boolean;
  allowFaults?: FaultKind[];
  onlyChanged?: string | true;
  repeatEach?: string;
  /** A pattern of titles. */
  grep?: string;
}

/** What is decided about a run before anything is created. */
export interface Decision {
  chosen: CheckSpec[];
  traits: readonly Traits[];
  /** Manifests and controls of the chosen checks that are not left out. */
  manifests: string[];
  wanted: UpOptions;
  /** Arguments of the test runner. */
  args: string[];
  settings: RunSettings;
  external: ExternalImageName[];
}

/** The chosen checks, and the runner's arguments and settings. Loads no spec. */
export async function addressed(
  choice: Choice,
  options: RunOptions,
  report: string,
): Promise<Pick<Decision, 'chosen' | 'args' | 'settings'>> {
  const chosen = chooseChecks(listChecks(), choice);
  if (typeof options.onlyChanged === 'string') await requireRef(options.onlyChanged);
  const { mesh, control, under, repeatEach = '1', keep = 'no', allowMeshWide = false, allowFaults = [] } = options;
  return {
    chosen,
    // Patterns come first: an option with an optional value would take one for its value.
    args: [...runnerFilters(chosen, choice), ...runnerArguments({ ...options })],
    settings: {
      ...DEFAULTS,
      report,
      mesh,
      control,
      ...omitUndefined({ under }),
      workers: workersOf(options),
      repeatEach: Number(repeatEach),
      keep: keep === true ? 'all' : keep,
      console: consoleFor(options.short === true, options.reporter),
      chosen: chosen.map(({ id }) => id),
      allowMeshWide,
      allowFaults,
    },
  };
}

/** How many checks run in parallel. */
export function workersOf({ workers, provider }: RunOptions): number {
  return workers ?? defaultWorkers(provider);
}

/**
 * Decides what is run, from the options, the specs and their manifests. Needs no cluster.
 * @throws MeshproofError with exit code 2 if any of them is wrong
 */
export async function decide(
  choice: Choice,
  options: RunOptions,
  report: string,
  { signal, progress }: { signal: AbortSignal; progress: Progress },
): Promise<Decision> {
  if (options.fresh === true && options.cluster !== undefined)
    throw contradiction('--fresh creates a cluster, but --cluster names an existing one', 'use only one of them');
  const { chosen: candidates, args, settings } = await addressed(choice, options, report);
  const against = options.against === undefined ? undefined : resolve(options.against);
  if (against !== undefined && (await readEarlier(against)) !== undefined) settings.against = against;
  const wanted: UpOptions = {
    mesh: options.mesh,
    ...requireMeshVersion(options),
    provider: await providerOf(options),
    images: await requireImageSource(options, { signal }),
    engine: options.engine,
    rigs: workersOf(options),
    ...(options.cluster === undefined ? {} : { name: options.cluster }),
  };
  progress.say('loading the checks');
  const { count, ids, traits } = await loadChecks({ args, settings, signal });
  if (count === 0) throw nothingToRun();
  const chosen = candidates.filter(({ id }) => ids.has(id));
  progress.say('reading the manifests');
  const { files, meshWide, applied } = await checkManifests(chosen, options, traits);
  const where = await providerKind(options);
  const allowed = where === 'kind' || settings.allowMeshWide;
  settings.meshWide = meshWide;
  settings.leftOut = {
    ...Object.fromEntries(allowed ? [] : meshWide.map((id) => [id, NOT_MESH_WIDE])),
    ...(where === 'kind' ? {} : refusedFaults(traits, settings.allowFaults)),
  };
  const beyond = outOfReach(options.under, where);
  if (beyond !== undefined) settings.leftOut = Object.fromEntries(chosen.map(({ id }) => [id, beyond]));
  if (wanted.provider.kind === 'existing') wanted.provider.applies = { ...applied, ...(allowed ? {} : { meshWide: [] }) };
  const manifests = [...files].flatMap(([id, own]) => (settings.leftOut[id] === undefined ? own : []));
  return { chosen, traits: [...traits.values()], manifests, wanted, args, settings, external: await externalImagesOf(traits.values()) };
}

/** Where the cluster of a run comes from: a cluster that is named may be an existing one, although `--provider` has its default. */
async function providerKind({ provider, cluster }: RunOptions): Promise<ClusterOptions['provider']> {
  if (cluster === undefined) return provider;
  return (await clusters()).find(({ name }) => name === cluster)?.provider ?? provider;
}

/** Why checks are left out on an existing cluster because of their faults, by ID. */
function refusedFaults(traits: ReadonlyMap<string, Traits>, allowed: readonly FaultKind[]): Record<string, string> {
  const refused = [...traits].flatMap(([id, { faults = [] }]) => {
    const reason = faultsRefused(faults, allowed);
    return reason === undefined ? [] : [[id, reason] as const];
  });
  return Object.fromEntries(refused);
}

/** Otherwise a file filter after `--only-changed` would be taken for the ref, and no longer filter. */
async function requireRef(ref: string): Promise<void> {
  const { exitCode } = await execa('git', ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`], {
    cwd: import.meta.dirname,
    reject: false,
    stdin: 'ignore',
  });
  if (exitCode === 0) return;
  throw new MeshproofError('UNKNOWN_REF', `--only-changed=${ref} is not a commit in this repository`, {
    hint: 'give a branch, a tag or a commit, and put file filters before --only-changed',
    exitCode: EXIT.usage,
  });
}

function nothingToRun(): MeshproofError {
  return new MeshproofError('NO_CHECKS', 'the options of the test runner exclude every check', {
    hint: 'npm test -- --list shows them all',
    exitCode: EXIT.usage,
  });
}
