import type { Against, Change, Conformance, EarlierRun, Transition } from '../fixtures/contract/conformance.ts';
import type { Verdict } from '../fixtures/contract/result.ts';
import type { Facts } from '../fixtures/contract/run.ts';
import { isSuccess } from '../fixtures/contract/verdict.ts';
import { columnOf, nameOf } from './column.ts';
import { byIdAndMesh } from './merge.ts';
import { fits } from './versions.ts';

type ComparedCheck = EarlierRun['checks'][number];

/** The order in reports, most urgent first. */
export const URGENT_FIRST: readonly Transition[] = ['regressed', 'still failing', 'new', 'fixed', 'changed', 'gone'];

const WORST_FIRST: readonly Verdict[] = ['FAIL', 'INVALID', 'INCONCLUSIVE', 'PASS', 'UNSUPPORTED'];

/**
 * What changed since an earlier run. If one of the two is a merge of runs on several versions, each column is compared with the earlier
 * checks on the same versions; checks on a version that an earlier merge did not contain are compared with its worst verdicts. A check is
 * not reported as gone if it was not selected for this run, or if this run has no checks on its mesh, on its versions or under its fault.
 */
export function compare(earlier: EarlierRun, now: Pick<Conformance, 'run' | 'checks' | 'notChosen'>): Against {
  const { checks, notChosen = [] } = now;
  const before = worstOf(inColumnsOf(now, earlier));
  const after = worstOf(checks);
  const silent = new Set(notChosen.map(({ id, mesh, versions }) => nameOf({ id, mesh, versions })));
  const meshes = new Set([...checks, ...notChosen].map(({ mesh }) => mesh));
  const place = ({ under, versions }: Pick<ComparedCheck, 'under' | 'versions'>) => columnOf({ mesh: '', under, versions });
  const places = new Set(checks.length === 0 ? [place({})] : checks.map((check) => place(check)));
  const gone = [...before.values()].filter((check) => {
    const { id, mesh, versions } = check;
    return meshes.has(mesh) && places.has(place(check)) && !after.has(nameOf(check)) && !silent.has(nameOf({ id, mesh, versions }));
  });
  const changes = [
    ...[...after.values()].flatMap((check) => changeOf(before.get(nameOf(check)), check)),
    ...gone.map((check) => leave(check)),
  ];
  const { id, startedAt, versions } = earlier.run;
  return { id, startedAt, versions, changes: changes.toSorted(byIdAndMesh) };
}

/** The earlier checks with the versions of the columns of this run that they belong to; others are omitted. */
function inColumnsOf(
  { run, checks, notChosen = [] }: Pick<Conformance, 'run' | 'checks' | 'notChosen'>,
  earlier: EarlierRun,
): ComparedCheck[] {
  const columns = [
    ...new Map([...checks, ...notChosen].map(({ mesh, versions = {} }) => [columnOf({ mesh, versions }), { mesh, versions }])).values(),
  ];
  return [...Map.groupBy(earlier.checks, ({ mesh }) => mesh)].flatMap(([mesh, before]) => {
    const own = columns.filter((column) => column.mesh === mesh).map(({ versions }) => versions);
    const belongs = ({ versions = {} }: ComparedCheck, column: Facts): boolean =>
      fits(column, { ...earlier.run.versions, ...versions }) && fits(versions, { ...run.versions, ...column });
    const placed = own.flatMap((column) => before.filter((check) => belongs(check, column)).map((check) => within(check, column)));
    const apart = own.some((column) => Object.keys(column).length > 0);
    return placed.length > 0 || apart ? placed : before.map((check) => within(check, {}));
  });
}

function within({ id, mesh, title, verdict, under }: ComparedCheck, column: Facts): ComparedCheck {
  const versions = Object.keys(column).length === 0 ? {} : { versions: column };
  return { id, mesh, title, verdict, ...(under === undefined ? {} : { under }), ...versions };
}

/** Each check once, with the worst verdict of its repetitions, because a failure in one of them is a failure. */
function worstOf(checks: readonly ComparedCheck[]): Map<string, ComparedCheck> {
  const groups = Map.groupBy(checks, (check) => nameOf(check));
  const worst = (all: readonly ComparedCheck[]) =>
    all.toSorted((a, b) => WORST_FIRST.indexOf(a.verdict) - WORST_FIRST.indexOf(b.verdict)).slice(0, 1);
  return new Map([...groups].flatMap(([name, all]) => worst(all).map((check) => [name, check])));
}

function changeOf(before: ComparedCheck | undefined, check: ComparedCheck): Change[] {
  const { verdict } = check;
  const change = transition(before?.verdict, verdict);
  return change === undefined ? [] : [{ ...namesOf(check), change, before: before?.verdict ?? null, now: verdict }];
}

function transition(before: Verdict | undefined, now: Verdict): Transition | undefined {
  if (before === undefined) return 'new';
  if (failing(now)) return failing(before) ? 'still failing' : 'regressed';
  if (failing(before)) return now === 'PASS' ? 'fixed' : 'changed';
  return before === now ? undefined : 'changed';
}

function leave(check: ComparedCheck): Change {
  return { ...namesOf(check), change: 'gone', before: check.verdict, now: null };
}

function namesOf({ id, mesh, title, under, versions }: ComparedCheck): Pick<Change, 'id' | 'mesh' | 'title' | 'under' | 'versions'> {
  return { id, mesh, title, ...(under === undefined ? {} : { under }), ...(versions === undefined ? {} : { versions }) };
}

function failing(verdict: Verdict): boolean {
  return !isSuccess({ verdict });
}
