import type { Against, Change, Conformance, EarlierRun, Transition } from '../fixtures/contract/conformance.ts';
import type { Verdict } from '../fixtures/contract/result.ts';
import { isSuccess } from '../fixtures/contract/verdict.ts';
import { byIdAndMesh, nameOf } from './merge.ts';

type ComparedCheck = EarlierRun['checks'][number];

/** The order in reports, most urgent first. */
export const URGENT_FIRST: readonly Transition[] = ['regressed', 'still failing', 'new', 'fixed', 'changed', 'gone'];

const WORST_FIRST: readonly Verdict[] = ['FAIL', 'INVALID', 'INCONCLUSIVE', 'PASS', 'UNSUPPORTED'];

/**
 * What changed since an earlier run. A check is not reported as gone if it was not selected for this run, or if this run has no checks on
 * its mesh or under its fault.
 */
export function compare(earlier: EarlierRun, { checks, notChosen = [] }: Pick<Conformance, 'checks' | 'notChosen'>): Against {
  const before = worstOf(earlier.checks);
  const now = worstOf(checks);
  const silent = new Set(notChosen.map(({ id, mesh }) => nameOf({ id, mesh })));
  const meshes = new Set([...checks, ...notChosen].map(({ mesh }) => mesh));
  const faults = new Set(checks.length === 0 ? [undefined] : checks.map(({ under }) => under as string | undefined));
  const gone = [...before.values()].filter((check) => {
    const { id, mesh, under } = check;
    return meshes.has(mesh) && faults.has(under) && !now.has(nameOf(check)) && !silent.has(nameOf({ id, mesh }));
  });
  const changes = [
    ...[...now.values()].flatMap((check) => changeOf(before.get(nameOf(check)), check)),
    ...gone.map((check) => leave(check)),
  ];
  const { id, startedAt, versions } = earlier.run;
  return { id, startedAt, versions, changes: changes.toSorted(byIdAndMesh) };
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

function namesOf({ id, mesh, title, under }: ComparedCheck): Pick<Change, 'id' | 'mesh' | 'title' | 'under'> {
  return { id, mesh, title, ...(under === undefined ? {} : { under }) };
}

function failing(verdict: Verdict): boolean {
  return !isSuccess({ verdict });
}
