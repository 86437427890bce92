import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A run's line of the history, as far as it matters here. */
interface Point {
  uuid: string;
  name: string;
  timestamp: number;
}

interface Line {
  text: string;
  point: Point;
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
  const all = new Map([...theirs, ...own].map((line) => [line.point.uuid, line]));
  if (all.size === own.length) return;
  await write(
    historyOf(report),
    [...all.values()].toSorted((a, b) => a.point.timestamp - b.point.timestamp),
  );
}

/** How the name of a run ends in its site and its history, which tells runs apart. */
export function nameEnd(run: string): string {
  return `(run ${run})`;
}

/** Takes a run out of the history: it is no predecessor of itself when its site is made again, which adds it anew. */
export async function forgetRun(report: string, run: string): Promise<void> {
  const lines = await linesOf(historyOf(report));
  const others = lines.filter(({ point }) => !point.name.endsWith(nameEnd(run)));
  if (others.length < lines.length) await write(historyOf(report), others);
}

/** Copies what can be read of a history to another file, for a program that appends to it and stops at what it cannot read. */
export async function lendHistory(report: string, to: string): Promise<void> {
  await write(to, await linesOf(historyOf(report)));
}

/** Makes the history in a file that was lent the report's own; it appears whole or not at all. */
export async function returnHistory(report: string, from: string): Promise<void> {
  await write(historyOf(report), await linesOf(from));
}

async function write(file: string, lines: readonly Line[]): Promise<void> {
  await writeFile(`${file}.new`, lines.map(({ text }) => `${text}\n`).join(''));
  await rename(`${file}.new`, file);
}

/** The lines that can be read: a run that was killed while it wrote has left half a line, and the runs beside it are known all the same. */
async function linesOf(file: string): Promise<Line[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const point = pointOf(line);
    return point === undefined ? [] : [{ text: line, point }];
  });
}

function pointOf(line: string): Point | undefined {
  try {
    const point = JSON.parse(line) as Partial<Point> | null;
    const { uuid, name, timestamp } = point ?? {};
    return typeof uuid === 'string' && typeof name === 'string' && typeof timestamp === 'number' ? { uuid, name, timestamp } : undefined;
  } catch {
    return undefined;
  }
}
