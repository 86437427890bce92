import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { writeWhole } from '../fixtures/contract/files.ts';

/** The parts of a history line that are used here. */
interface Point {
  uuid: string;
  name: string;
  timestamp: number;
}

interface Line {
  text: string;
  point: Point;
}

/** The history file in a report folder, with one line for each run; a new run in the same folder appends its own. */
export function historyOf(report: string): string {
  return join(report, 'allure-history.jsonl');
}

/**
 * Merges the history of another report into this one's, in order of time and without duplicates.
 * @param earlier the folder of that report, or its conformance.json; if it has no history, nothing happens
 */
export async function adoptHistory(report: string, earlier: string): Promise<void> {
  const folder = earlier.endsWith('.json') ? join(earlier, '..') : earlier;
  const [own, earlierLines] = await Promise.all([linesOf(historyOf(report)), linesOf(historyOf(folder))]);
  const all = new Map([...earlierLines, ...own].map((line) => [line.point.uuid, line]));
  if (all.size === own.length) return;
  await write(
    historyOf(report),
    [...all.values()].toSorted((a, b) => a.point.timestamp - b.point.timestamp),
  );
}

/** The suffix that identifies a run by name in its site and its history. */
export function nameEnd(run: string): string {
  return `(run ${run})`;
}

/** Removes a run from the history before its site is generated again, which adds it anew: a run is not its own predecessor. */
export async function forgetRun(report: string, run: string): Promise<void> {
  const lines = await linesOf(historyOf(report));
  const others = lines.filter(({ point }) => !point.name.endsWith(nameEnd(run)));
  if (others.length < lines.length) await write(historyOf(report), others);
}

/** Copies the readable lines of a history to another file, for a program that appends to it and fails on an unreadable line. */
export async function copyHistory(report: string, to: string): Promise<void> {
  await write(to, await linesOf(historyOf(report)));
}

/** Replaces the report's history with the file that `copyHistory` wrote, atomically. */
export async function replaceHistory(report: string, from: string): Promise<void> {
  await write(historyOf(report), await linesOf(from));
}

async function write(file: string, lines: readonly Line[]): Promise<void> {
  await writeWhole(file, lines.map(({ text }) => `${text}\n`).join(''));
}

/** The readable lines: a run that was killed while writing left an incomplete one, which must not hide the others. */
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
