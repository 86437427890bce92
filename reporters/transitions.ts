import type { Against, Change, Conformance, EarlierRun, Transition } from '../fixtures/contract/conformance.ts';
import type { Verdict } from '../fixtures/contract/result.ts';
import { byIdAndMesh } from './merge.ts';

type ComparedCheck = EarlierRun['checks'][number];

/** The order in which reports tell them: what needs someone first. */
export const URGENT_FIRST: readonly Transition[] = ['regressed', 'still failing', 'new', 'fixed', 'changed', 'gone'];

const WORST_FIRST: readonly Verdict[] = ['FAIL', 'INVALID', 'INCONCLUSIVE', 'PASS', 'UNSUPPORTED'];

/**
 * What changed since an earlier run. A check that this run was told to leave out says nothing about a change;
 * one of a mesh that this run has nothing of does not either.
 */
export function compare(earlier: EarlierRun, { checks, notChosen = [] }: Pick<Conformance, 'checks' | 'notChosen'>): Against {
  const before = worstOf(earlier.checks);
  const now = worstOf(checks);
  const silent = new Set(notChosen.map((one) => nameOf(one)));
  const meshes = new Set([...checks, ...notChosen].map(({ mesh }) => mesh));
  const gone = [...before.values()].filter((check) => meshes.has(check.mesh) && !now.has(nameOf(check)) && !silent.has(nameOf(check)));
  const changes = [
    ...[...now.values()].flatMap((check) => changeOf(before.get(nameOf(check)), check)),
    ...gone.map((check) => leave(check)),
  ];
  const { id, startedAt, versions } = earlier.run;
  return { id, startedAt, versions, changes: changes.toSorted(byIdAndMesh) };
}

/** Each check once. Of several runs of it the worst counts: a failure in one of them is a failure. */
function worstOf(checks: readonly ComparedCheck[]): Map<string, ComparedCheck> {
  const groups = Map.groupBy(checks, (check) => nameOf(check));
  const worst = (all: readonly ComparedCheck[]) =>
    all.toSorted((a, b) => WORST_FIRST.indexOf(a.verdict) - WORST_FIRST.indexOf(b.verdict)).slice(0, 1);
  return new Map([...groups].flatMap(([name, all]) => worst(all).map((check) => [name, check])));
}

function changeOf(before: ComparedCheck | undefined, check: ComparedCheck): Change[] {
  const { id, mesh, title, verdict } = check;
  const change = transition(before?.verdict, verdict);
  return change === undefined ? [] : [{ id, mesh, title, change, before: before?.verdict ?? null, now: verdict }];
}

function transition(before: Verdict | undefined, now: Verdict): Transition | undefined {
  if (before === undefined) return 'new';
  if (failing(now)) return failing(before) ? 'still failing' : 'regressed';
  if (failing(before)) return now === 'PASS' ? 'fixed' : 'changed';
  return before === now ? undefined : 'changed';
}

function leave({ id, mesh, title, verdict }: ComparedCheck): Change {
  return { id, mesh, title, change: 'gone', before: verdict, now: null };
}

function failing(verdict: Verdict): boolean {
  return verdict !== 'PASS' && verdict !== 'UNSUPPORTED';
}

function nameOf({ id, mesh }: { id: string; mesh: string }): string {
  return `${id} ${mesh}`;
}
