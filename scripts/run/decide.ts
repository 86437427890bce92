import { resolve } from 'node:path';

import { execa } from 'execa';

import { EXIT, MeshproofError } from '../../clusters/errors.ts';
import type { ExternalImageName } from '../../clusters/images/recipes/external.ts';
import type { UpOptions } from '../../clusters/provider.ts';
import type { CheckSpec } from '../../fixtures/contract/catalogue.ts';
import { DEFAULTS, type Keep, type RunSettings } from '../../fixtures/contract/settings.ts';
import { NOT_MESH_WIDE } from '../../fixtures/contract/traits.ts';
import type { ClusterOptions } from '../console/cluster-options.ts';
import type { Progress } from '../console/progress.ts';
import { chooseChecks, listChecks, runnerFilters, type Choice } from './checks.ts';
import { externalImagesOf } from './external-services.ts';
import { loadChecks } from './playwright.ts';
import { checkManifests } from './preflight.ts';
import { contradiction, providerOf, requireImageSource } from './provider.ts';
import { readEarlier } from './report-folder.ts';
import { consoleFor } from './runner-environment.ts';
import { runnerArguments } from './runner-options.ts';
import { defaultWorkers } from './workers.ts';

/** The options of `meshproof test` that say what is run, and on what. Those of the test runner stand beside them. */
export interface RunOptions extends ClusterOptions {
  control: boolean;
  workers?: number;
  cluster?: string;
  keep?: true | Exclude<Keep, 'no'>;
  against?: string;
  short?: boolean;
  reporter?: string;
  fresh?: boolean;
  allowMeshWide?: boolean;
  onlyChanged?: string | true;
  /** A pattern of titles. */
  grep?: string;
}

/** What a run comes to before anything is made for it. */
export interface Decision {
  chosen: CheckSpec[];
  /** Manifests and controls of the chosen checks. */
  manifests: string[];
  wanted: UpOptions;
  /** For the test runner. */
  args: string[];
  settings: RunSettings;
  external: ExternalImageName[];
}

/** What the runner is told of the choice and the options, without loading a check. */
export async function addressed(
  choice: Choice,
  options: RunOptions,
  report: string,
): Promise<Pick<Decision, 'chosen' | 'args' | 'settings'>> {
  const chosen = chooseChecks(listChecks(), choice);
  if (typeof options.onlyChanged === 'string') await requireRef(options.onlyChanged);
  const { mesh, control, keep = 'no', allowMeshWide = false } = options;
  return {
    chosen,
    // An option whose value may be left out would take the first pattern for it.
    args: [...runnerFilters(chosen, choice), ...runnerArguments({ ...options })],
    settings: {
      ...DEFAULTS,
      report,
      mesh,
      control,
      workers: workersOf(options),
      keep: keep === true ? 'all' : keep,
      console: consoleFor(options.short === true, options.reporter),
      chosen: chosen.map(({ id }) => id),
      allowMeshWide,
    },
  };
}

/** How many checks run at once. */
export function workersOf({ workers, provider }: RunOptions): number {
  return workers ?? defaultWorkers(provider);
}

/**
 * Decides what is run, from the options, the specs and their manifests, all without a cluster.
 * @throws MeshproofError with exit code 2 for whatever is not right with one of them
 */
export async function decide(
  choice: Choice,
  options: RunOptions,
  report: string,
  { signal, progress }: { signal: AbortSignal; progress: Progress },
): Promise<Decision> {
  if (options.fresh === true && options.cluster !== undefined)
    throw contradiction('--fresh creates a cluster, but --cluster names an existing one', 'use only one of them');
  const { chosen, args, settings } = await addressed(choice, options, report);
  const against = options.against === undefined ? undefined : resolve(options.against);
  if (against !== undefined && (await readEarlier(against)) !== undefined) settings.against = against;
  const wanted: UpOptions = {
    mesh: options.mesh,
    provider: await providerOf(options),
    images: await requireImageSource(options),
    engine: options.engine,
    rigs: workersOf(options),
    ...(options.cluster === undefined ? {} : { name: options.cluster }),
  };
  progress.say('loading the checks');
  const { count, traits } = await loadChecks({ args, settings, signal });
  if (count === 0) throw nothingToRun();
  progress.say('reading the manifests');
  const { files: manifests, meshWide, applied } = await checkManifests(chosen, options.mesh, traits);
  const allowed = options.provider === 'kind' || settings.allowMeshWide;
  settings.meshWide = meshWide;
  settings.leftOut = Object.fromEntries(allowed ? [] : meshWide.map((id) => [id, NOT_MESH_WIDE]));
  if (wanted.provider.kind === 'existing') wanted.provider.applies = { ...applied, ...(allowed ? {} : { meshWide: [] }) };
  return { chosen, manifests, wanted, args, settings, external: await externalImagesOf(traits.values()) };
}

/** A file pattern in the place of a git ref would be no choice any more. */
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
