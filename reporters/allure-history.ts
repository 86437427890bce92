import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A run's line of the history, as far as it matters here. */
interface Point {
  uuid: string;
  name: string;
  timestamp: number;
}

/** The history of runs within a report folder, one line each; a new run in the same folder adds its own. */
export function historyOf(report: string): string {
  return join(report, 'allure-history.jsonl');
}

/**
 * Takes the earlier runs that another report knows into this one's history, in order of time and each once.
 * @param earlier the folder of that report, or its conformance.json; without a history there, nothing happens.
 */
export async function adoptHistory(report: string, earlier: string): Promise<void> {
  const folder = earlier.endsWith('.json') ? join(earlier, '..') : earlier;
  const [own, theirs] = await Promise.all([linesOf(historyOf(report)), linesOf(historyOf(folder))]);
  const all = new Map([...theirs, ...own].map((line) => [pointOf(line).uuid, line]));
  if (all.size === own.length) return;
  await write(
    report,
    [...all.values()].toSorted((a, b) => pointOf(a).timestamp - pointOf(b).timestamp),
  );
}

/** How the name of a run ends in its site and its history, which tells runs apart. */
export function nameEnd(run: string): string {
  return `(run ${run})`;
}

/** Takes a run out of the history: it is no predecessor of itself when its site is made again, which adds it anew. */
export async function forgetRun(report: string, run: string): Promise<void> {
  const lines = await linesOf(historyOf(report));
  const others = lines.filter((line) => !pointOf(line).name.endsWith(nameEnd(run)));
  if (others.length < lines.length) await write(report, others);
}

async function write(report: string, lines: readonly string[]): Promise<void> {
  const file = historyOf(report);
  await writeFile(`${file}.new`, lines.map((line) => `${line}\n`).join(''));
  await rename(`${file}.new`, file);
}

async function linesOf(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

function pointOf(line: string): Point {
  return JSON.parse(line) as Point;
}
