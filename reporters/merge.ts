import type { Conformance, NotChosen } from '../fixtures/results/conformance.ts';
import type { CheckResult } from '../fixtures/results/result.ts';
import type { Facts, Timings } from '../fixtures/results/run.ts';

/**
 * One report out of the reports of several shards. Checks and errors are kept all; a fact that differs between shards names every value;
 * stages ran side by side, so the longest time of each counts.
 * @throws RangeError when there is nothing to merge.
 */
export function mergeConformance(parts: readonly Conformance[]): Conformance {
  const [first] = parts;
  if (!first) throw new RangeError('no conformance report to merge');
  const runs = parts.map(({ run }) => run);
  const begins = runs.map(({ startedAt }) => Date.parse(startedAt));
  const begin = Math.min(...begins);
  const checks = inOrder(parts.flatMap((part) => part.checks));
  const against = mergedAgainst(parts);
  return {
    run: {
      id: distinct(runs.map(({ id }) => id)).join('+'),
      startedAt: new Date(begin).toISOString(),
      durationMs: Math.max(...runs.map(({ durationMs }, index) => (begins[index] ?? begin) + durationMs)) - begin,
      versions: mergedFacts(runs.map(({ versions }) => versions)),
      environment: mergedFacts(runs.map(({ environment }) => environment)),
      errors: distinct(runs.flatMap(({ errors }) => errors)),
    },
    timings: parts.map(({ timings }) => timings).reduce(longest),
    checks,
    notChosen: leftOutByAll(parts, checks),
    planned: distinctRows(parts.flatMap(({ planned = [] }) => planned)),
    ...(against === undefined ? {} : { against }),
  };
}

/** Checks by id, then mesh, in code unit order, so that a report does not depend on which worker was first. */
export function inOrder(checks: readonly CheckResult[]): CheckResult[] {
  return checks.toSorted(byIdAndMesh);
}

export function byIdAndMesh(a: NotChosen, b: NotChosen): number {
  return compare(a.id, b.id) || compare(a.mesh, b.mesh);
}

/** What no part ran: a check that one shard left out and another ran was chosen. */
function leftOutByAll(parts: readonly Conformance[], checks: readonly CheckResult[]): NotChosen[] {
  const ran = new Set(checks.map(({ id, mesh }) => `${id} ${mesh}`));
  return distinctRows(parts.flatMap(({ notChosen = [] }) => notChosen)).filter(({ id, mesh }) => !ran.has(`${id} ${mesh}`));
}

/** Rows without repetitions: what every shard says alike is said once. */
function distinctRows<T extends NotChosen>(rows: readonly T[]): T[] {
  return [...new Map(rows.map((row) => [`${row.id} ${row.mesh}`, row])).values()].toSorted(byIdAndMesh);
}

/** The comparisons of the parts with one earlier run, as one; none where they compared with several. */
function mergedAgainst(parts: readonly Conformance[]): Conformance['against'] {
  const given = parts.flatMap(({ against }) => against ?? []);
  const [first] = given;
  if (first === undefined || given.some(({ id }) => id !== first.id)) return undefined;
  return { ...first, changes: distinctRows(given.flatMap(({ changes }) => changes)) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}

function mergedFacts(all: readonly Facts[]): Facts {
  const names = distinct(all.flatMap((facts) => Object.keys(facts)));
  return Object.fromEntries(names.map((name) => [name, distinct(all.flatMap((facts) => facts[name] ?? [])).join(' | ')]));
}

function longest(a: Timings, b: Timings): Timings {
  return {
    engineMs: longer(a.engineMs, b.engineMs),
    imagesMs: longer(a.imagesMs, b.imagesMs),
    clusterMs: longer(a.clusterMs, b.clusterMs),
    meshMs: longer(a.meshMs, b.meshMs),
    rigsMs: longer(a.rigsMs, b.rigsMs),
  };
}

function longer(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}
