import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ALLURE_RESULTS } from '../../../fixtures/contract/report-folder.ts';
import { chooseChecks, listChecks, runnerFilters } from '../../../scripts/run/checks.ts';
import { loadChecks } from '../../../scripts/run/playwright.ts';

/** When a check ran, in milliseconds since 1970. */
export interface Span {
  id: string;
  start: number;
  stop: number;
}

/** What is removed at a check's end disappears from the last proxy a little later, and reading the proxies takes a while. */
const LATE_MS = 3_000;

/** The checks that were running at that moment, or had just ended. */
export function runningAt(spans: readonly Span[], at: number): string[] {
  return spans.filter(({ start, stop }) => start <= at && at <= stop + LATE_MS).map(({ id }) => id);
}

/** The checks that ran concurrently, in pairs: `routing/a + routing/b`. */
export function pairsOf(spans: readonly Span[]): string[] {
  return spans.flatMap((one, at) =>
    spans.slice(at + 1).flatMap((other) => {
      const together = one.start < other.stop && other.start < one.stop;
      return together ? [[one.id, other.id].toSorted().join(' + ')] : [];
    }),
  );
}

/** Whether an observation can be due to a check that declares that it changes the whole mesh; no other check runs at the same time. */
export function explained(running: readonly string[], meshWide: ReadonlySet<string>): boolean {
  return running.some((id) => meshWide.has(id));
}

/** The checks of this project that declare that. */
export async function meshWideChecks(): Promise<Set<string>> {
  const choice = { suites: [], ids: [], filters: [] };
  const chosen = chooseChecks(listChecks(), choice);
  const { traits } = await loadChecks({ args: runnerFilters(chosen, choice), settings: {}, signal: new AbortController().signal });
  return new Set([...traits.values()].filter(({ meshWide }) => meshWide === true).map(({ id }) => id));
}

/** When each check of a run ran, according to the report's Allure results. Skipped ones applied nothing. */
export async function spansOf(report: string): Promise<Span[]> {
  const folder = join(report, ALLURE_RESULTS);
  const files = (await readdir(folder)).filter((file) => file.endsWith('-result.json'));
  const results = await Promise.all(files.map(async (file): Promise<unknown> => JSON.parse(await readFile(join(folder, file), 'utf8'))));
  return results.flatMap(spanOf);
}

interface Result {
  fullName?: string;
  status?: string;
  start?: number;
  stop?: number;
  steps?: { stop?: number }[];
}

/** A result ends after the test's duration, which does not include attaching to the rig, so the last step is more accurate. */
function spanOf(result: unknown): Span[] {
  const { fullName = '', start, stop, status, steps = [] } = result as Result;
  const [, id] = /([^/ ]+\/[^/ ]+)\.spec\.ts/.exec(fullName) ?? [];
  if (id === undefined || start === undefined || status === 'skipped') return [];
  return [{ id, start, stop: Math.max(stop ?? start, ...steps.map((step) => step.stop ?? start)) }];
}
