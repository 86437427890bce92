import type { Conformance, NotChosen } from '../fixtures/contract/conformance.ts';
import type { CheckResult } from '../fixtures/contract/result.ts';
import type { Facts, Survey, Timings } from '../fixtures/contract/run.ts';
import { nameOf } from './column.ts';
import { missingShards } from './shards.ts';
import { byVersions, OR, toldApart } from './versions.ts';

/**
 * Merges the reports of several shards, versions or faults. All checks and errors are kept: a check that several of them ran, on the same
 * versions and under the same fault or none, becomes repetitions, numbered in order of time. A fact that differs lists every value; stages
 * ran in parallel, so the longest time of each counts. A shard without a report is an error of the run.
 * @throws RangeError if there is nothing to merge
 */
export function mergeConformance(reports: readonly Conformance[]): Conformance {
  const parts = toldApart(reports);
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
      errors: [...distinct(runs.flatMap(({ errors }) => errors)), ...missingShards(parts)],
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

/** The checks of all parts; those that several parts ran are numbered as repetitions. */
function numbered(parts: readonly Conformance[]): CheckResult[] {
  const again = repeatedIn(parts);
  const counts = new Map<string, number>();
  return parts.flatMap(({ checks }) =>
    inOrder(checks).map((check) => {
      const name = nameOf(check);
      const repetition = (counts.get(name) ?? 0) + 1;
      counts.set(name, repetition);
      return again.has(name) ? { ...check, repetition } : check;
    }),
  );
}

/** The checks, with their mesh, that more than one part ran, on whatever versions and under whatever fault. */
export function checksRepeatedIn(parts: readonly Conformance[]): Set<string> {
  return namesRepeatedIn(parts, ({ id, mesh }) => nameOf({ id, mesh }));
}

/** The names of the checks that more than one part ran: they become repetitions. @param parts reports that are told apart */
export function repeatedIn(parts: readonly Conformance[]): Set<string> {
  return namesRepeatedIn(parts, nameOf);
}

function namesRepeatedIn(parts: readonly Conformance[], name: (check: CheckResult) => string): Set<string> {
  const all = parts.flatMap(({ checks }) => distinct(checks.map(name)));
  return new Set(all.filter((one, index) => all.indexOf(one) !== index));
}

/** Sorts checks by ID, mesh, fault, version and repetition, in code unit order, so that a report does not depend on which worker was first. */
export function inOrder(checks: readonly CheckResult[]): CheckResult[] {
  return checks.toSorted(
    (a, b) => byIdAndMesh(a, b) || compare(a.under ?? '', b.under ?? '') || byVersions(a, b) || (a.repetition ?? 0) - (b.repetition ?? 0),
  );
}

export function byIdAndMesh(a: NotChosen, b: NotChosen): number {
  return compare(a.id, b.id) || compare(a.mesh, b.mesh);
}

/** Checks that no part ran on these versions: one that a shard left out and another ran was selected. */
function leftOutByAll(parts: readonly Conformance[], checks: readonly CheckResult[]): NotChosen[] {
  const ran = new Set(checks.map(({ id, mesh, versions }) => nameOf({ id, mesh, versions })));
  return distinctRows(parts.flatMap(({ notChosen = [] }) => notChosen)).filter((row) => !ran.has(nameOf(row)));
}

/** Removes duplicate rows, which every shard lists. */
function distinctRows<T extends NotChosen>(rows: readonly T[]): T[] {
  return [...new Map(rows.map((row) => [nameOf(row), row])).values()].toSorted((a, b) => byIdAndMesh(a, b) || byVersions(a, b));
}

/** Merges the parts' comparisons with an earlier run; undefined if they compared with different ones. */
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
  return Object.fromEntries(names.map((name) => [name, distinct(all.flatMap((facts) => facts[name]?.split(OR) ?? [])).join(OR)]));
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
