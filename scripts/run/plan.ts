import { EXIT } from '../../clusters/errors.ts';
import { whereabouts } from '../../clusters/kubernetes/identity.ts';
import { printable } from '../../clusters/printable.ts';
import type { UpOptions } from '../../clusters/provider.ts';
import { clusters } from '../../clusters/registry/description.ts';
import type { CheckSpec } from '../../fixtures/contract/catalogue.ts';
import { faultLines } from '../../fixtures/contract/faults.ts';
import { quantity } from '../../fixtures/contract/quantity.ts';
import type { Keep, RunSettings } from '../../fixtures/contract/settings.ts';
import type { Traits } from '../../fixtures/contract/traits.ts';
import { UNDER } from '../../fixtures/contract/under.ts';
import { findCluster, nameOfMesh } from './cluster.ts';
import { planOfExisting, type Planned } from './existing-plan.ts';

export interface Plan {
  chosen: readonly CheckSpec[];
  traits?: readonly Pick<Traits, 'id' | 'faults' | 'load'>[];
  /** Manifest and control files that would be applied. */
  manifests: readonly string[];
  wanted: UpOptions;
  settings: Pick<RunSettings, 'report' | 'keep' | 'leftOut' | 'under'>;
  /** Options on the command line that only affect a new cluster. */
  typed?: readonly string[];
}

/** A warning about options that only affect a new cluster. */
export function noEffect(cluster: string, typed: readonly string[]): string {
  return `${cluster} already exists, so ${typed.join(' ')} ${typed.length === 1 ? 'has' : 'have'} no effect; --fresh creates a new one`;
}

/** What a run would do. Starts nothing; an existing cluster is only queried for what it would allow. */
export async function describePlan({ chosen, traits = [], manifests, wanted, settings, typed = [] }: Plan): Promise<Planned> {
  const { report, keep, leftOut, under } = settings;
  const found = await findCluster(await clusters(), wanted);
  const run = chosen.filter(({ id }) => leftOut[id] === undefined);
  const running = traits.filter(({ id }) => leftOut[id] === undefined);
  const place =
    found === undefined
      ? await newCluster(
          wanted,
          keep,
          running.some(({ load }) => load === true),
        )
      : { lines: [`cluster  ${found.name} (${await whereabouts(found)}) is reused and kept`], exitCode: EXIT.ok };
  const lines = [
    ...place.lines,
    ...(found === undefined || typed.length === 0 ? [] : [`warning  ${noEffect(found.name, typed)}`]),
    `mesh     ${nameOfMesh(wanted)}`,
    ...(under === undefined || run.length === 0
      ? []
      : [`fault    ${under}, twice for each check: ${UNDER[under].what}${UNDER[under].meshWide ? '; no other check runs meanwhile' : ''}`]),
    ...run.map(({ id }) => `check    ${id}`),
    ...faultLines(running).map((line) => `breaks   ${line}`),
    ...Object.entries(leftOut).map(([id, reason]) => `skips    ${id}: ${reason}`),
    ...manifests.map((file) => `applies  ${file}, and removes it after the check`),
    `report   ${report}`,
  ];
  return { lines: lines.map((line) => printable(line)), exitCode: place.exitCode };
}

async function newCluster({ mesh, provider, images, engine, rigs }: UpOptions, keep: Keep, load: boolean): Promise<Planned> {
  const end = { no: 'removed at the end', all: 'kept at the end', failed: 'removed at the end unless a check fails' }[keep];
  if (provider.kind === 'existing') {
    return planOfExisting({ mesh, provider, rigs, end, load });
  }
  const lines = [
    `cluster  a kind cluster with ${quantity(provider.nodes, 'node')} and ${quantity(rigs, 'rig')}, ${end}`,
    `images   ${images.registry === undefined ? images.from : `${images.from} from ${images.registry}`}`,
    `engine   ${engine ? 'the running Docker, or else a private engine' : 'the running Docker'}`,
  ];
  return { lines, exitCode: EXIT.ok };
}
