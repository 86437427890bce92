import type { Conformance, NotChosen } from '../fixtures/contract/conformance.ts';
import type { CheckResult } from '../fixtures/contract/result.ts';
import type { Facts, Survey, Timings } from '../fixtures/contract/run.ts';

/**
 * One report out of the reports of several shards. Checks and errors are kept all: a check that several of them ran becomes its repetitions,
 * numbered in order of time. A fact that differs between shards names every value; stages ran side by side, so the longest time of each counts.
 * A shard of which none of them tells is an error of the run.
 * @throws RangeError when there is nothing to merge.
 */
export function mergeConformance(parts: readonly Conformance[]): Conformance {
  const [first] = parts;
  if (!first) throw new RangeError('no conformance report to merge');
  const runs = parts.map(({ run }) => run);
  const begins = runs.map(({ startedAt }) => Date.parse(startedAt));
  const begin = Math.min(...begins);
  const checks = inOrder(numbered(parts.toSorted((a, b) => Date.parse(a.run.startedAt) - Date.parse(b.run.startedAt))));
  const against = mergedAgainst(parts);
  return {
    schemaVersion: first.schemaVersion,
    run: {
      id: distinct(runs.map(({ id }) => id)).join('+'),
      startedAt: new Date(begin).toISOString(),
      durationMs: Math.max(...runs.map(({ durationMs }, index) => (begins[index] ?? begin) + durationMs)) - begin,
      versions: mergedFacts(runs.map(({ versions }) => versions)),
      environment: mergedFacts(runs.map(({ environment }) => environment)),
      ...mergedSurvey(runs.flatMap(({ survey }) => survey ?? [])),
      errors: [...distinct(runs.flatMap(({ errors }) => errors)), ...missingShards(runs)],
    },
    timings: parts.map(({ timings }) => timings).reduce(longest),
    checks,
    notChosen: leftOutByAll(parts, checks),
    planned: distinctRows(parts.flatMap(({ planned = [] }) => planned)),
    ...(against === undefined ? {} : { against }),
  };
}

function mergedSurvey(surveys: readonly Survey[]): { survey?: Survey } {
  if (surveys.length === 0) return {};
  const facts = mergedFacts(surveys.map((survey) => survey.facts));
  return { survey: { facts, standing: distinct(surveys.flatMap(({ standing }) => standing)) } };
}

/** The checks of all parts; where several parts ran one, with the number of each run of it. */
function numbered(parts: readonly Conformance[]): CheckResult[] {
  const again = repeatedIn(parts);
  const counts = new Map<string, number>();
  return parts.flatMap(({ checks }) =>
    checks.toSorted(byIdMeshAndRepetition).map((check) => {
      const name = `${check.id} ${check.mesh}`;
      const repetition = (counts.get(name) ?? 0) + 1;
      counts.set(name, repetition);
      return again.has(name) ? { ...check, repetition } : check;
    }),
  );
}

/** The names of the checks, with their mesh, that more than one part ran. */
export function repeatedIn(parts: readonly Conformance[]): Set<string> {
  const all = parts.flatMap(({ checks }) => distinct(checks.map(({ id, mesh }) => `${id} ${mesh}`)));
  return new Set(all.filter((name, index) => all.indexOf(name) !== index));
}

/** A sentence for each shard that was meant to be and of which no report tells, as the environment of the others says. */
function missingShards(runs: readonly Conformance['run'][]): string[] {
  const there = new Set(runs.flatMap(({ environment }) => environment['shard']?.split(' | ') ?? []));
  const totals = distinct([...there].flatMap((shard) => shard.split('/')[1] ?? []));
  const meant = totals.flatMap((total) => Array.from({ length: Number(total) }, (_, index) => `${index + 1}/${total}`));
  return meant.filter((shard) => !there.has(shard)).map((shard) => `shard ${shard} has no report; its checks are missing here`);
}

/** Checks by id, then mesh, then repetition, in code unit order, so that a report does not depend on which worker was first. */
export function inOrder(checks: readonly CheckResult[]): CheckResult[] {
  return checks.toSorted(byIdMeshAndRepetition);
}

export function byIdAndMesh(a: NotChosen, b: NotChosen): number {
  return compare(a.id, b.id) || compare(a.mesh, b.mesh);
}

function byIdMeshAndRepetition(a: CheckResult, b: CheckResult): number {
  return byIdAndMesh(a, b) || (a.repetition ?? 0) - (b.repetition ?? 0);
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
