import { join } from 'node:path';

import { markdownTable } from 'markdown-table';

import { writeWhole } from '../fixtures/contract/files.ts';
import { printable } from '../fixtures/contract/printable.ts';
import { quantity } from '../fixtures/contract/quantity.ts';
import { totalOf, WatchReport, type OutageWindow, type WatchedClass } from '../fixtures/contract/watch.ts';
import { duration } from './format.ts';
import { inline } from './markdown.ts';
import { validated } from './validate.ts';

/** Maximum number of outages and changes in watch.md; watch.json lists more. */
const MOST_OUTAGES = 30;
const MOST_CHANGES = 60;

/**
 * Writes watch.json and watch.md to the report folder, each atomically.
 * @throws Error if the report does not match its schema; nothing is written then
 */
export async function writeWatch(folder: string, report: WatchReport): Promise<void> {
  validated(WatchReport, report, 'watch.json');
  const content = { 'watch.json': `${JSON.stringify(report, undefined, 2)}\n`, 'watch.md': watchMarkdown(report) };
  for (const [file, text] of Object.entries(content)) {
    await writeWhole(join(folder, file), text);
  }
}

/** The state of a running watch, in one line. */
export function liveLine({ watch, classes }: WatchReport): string {
  const judged = classes.filter(({ promise }) => promise !== 'told');
  const bad = judged.filter((one) => one.bad > 0).map((one) => `${one.name} ${one.bad}`);
  return `watching for ${duration(watch.durationMs)}: ${totalOf(judged, 'asked')} asked, ${bad.length === 0 ? 'all as promised' : `not as promised: ${bad.join(', ')}`}`;
}

/** One outage in one line, e.g. `15:04:05 UTC  valid   for 4.20 s  5 of 5 failed: 5× 500 …`. */
export function outageLine(
  { name, promise }: Pick<WatchedClass, 'name' | 'promise'>,
  { from, durationMs, bad, due, endings }: OutageWindow,
): string {
  const how = promise === 'refused' ? 'let through' : 'failed';
  return printable(`${clock(from)} UTC  ${name.padEnd(9)}  for ${duration(durationMs)}  ${bad} of ${due} ${how}: ${counts(endings)}`);
}

/** watch.md: the verdict in the first line, then what was watched, what failed and what changed when. */
function watchMarkdown(report: WatchReport): string {
  const { verdict, reasons, watch, classes, unseen } = report;
  const versions = Object.entries(watch.versions).map(([name, version]) => `${name} ${version}`);
  const place = [watch.environment['cluster'], watch.environment['context']].filter((name) => name !== undefined);
  const state = watch.state === 'running' ? ['still running, or killed'] : [];
  const about = [`Watch ${watch.id}`, ...state, watch.startedAt, duration(watch.durationMs), ...new Set(place), watch.mesh, ...versions];
  const outages = classes
    .flatMap((one) => one.windows.map((window) => ({ ...window, one })))
    .toSorted((a, b) => a.from.localeCompare(b.from));
  const [first = '', ...others] = reasons;
  const sections = [
    `# ${verdict}${watch.state === 'running' ? ' so far' : ''}: ${inline(first)}`,
    others.map((reason) => `- ${inline(reason)}`).join('\n'),
    inline(about.join(' · ')),
    classTable(classes),
    ...outageSection(outages),
    ...changes(report),
    ...(unseen.length === 0 ? [] : [`This account may not read ${inline(unseen.join(', '))}; changes there are not listed.`]),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** The outages as a section of a page; empty if there are none. */
export function outageSection(outages: readonly (OutageWindow & { one: WatchedClass })[]): string[] {
  return outages.length === 0 ? [] : ['## Outages', outageTable(outages), ...more(outages.length, MOST_OUTAGES)];
}

const tableOf = (rows: string[][]): string => markdownTable(rows, { alignDelimiters: false });

function classTable(classes: readonly WatchedClass[]): string {
  const rows = classes.map(({ name, title, promise, asked, bad, outageMs, windows, measured, unjudged, gaps }) => {
    const said = Object.values(unjudged).reduce((sum, count) => sum + count, 0);
    const notes = [
      ...(promise === 'told' ? ['not judged'] : []),
      ...(said === 0 ? [] : [`${said} not judged: ${counts(unjudged)}`]),
      ...gaps.slice(0, 3).map(({ from, to }) => `no measurement from ${clock(from)} to ${clock(to)}`),
    ];
    const outage = windows.length === 0 ? '–' : `${windows.length}, ${duration(outageMs)}`;
    const broken = promise === 'refused' ? 'let through' : 'failed';
    return [
      name,
      title,
      String(asked),
      bad === 0 ? '0' : `${bad} ${broken}`,
      outage,
      `${Math.floor(100 * measured)} %`,
      notes.join('; '),
    ].map(inline);
  });
  return tableOf([['class', 'what', 'asked', 'not as promised', 'outages', 'watched', 'notes'], ...rows]);
}

function outageTable(outages: readonly (OutageWindow & { one: WatchedClass })[]): string {
  const rows = outages.slice(0, MOST_OUTAGES).map(({ from, durationMs, bad, due, endings, sides, proxies, changes, one }) => {
    const row = [
      clock(from),
      duration(durationMs),
      one.name,
      `${bad} of ${due}`,
      counts(endings),
      Object.keys(sides).join(', '),
      proxies.join(', '),
    ];
    return [...row.map(inline), changes.map(inline).join('<br>')];
  });
  return tableOf([
    ['from (UTC)', 'for', 'class', 'requests', 'how', 'ended by', 'proxies', 'what changed (seconds from the beginning)'],
    ...rows,
  ]);
}

function changes({ changes: all }: WatchReport): string[] {
  if (all.length === 0) return ['No change was observed in the cluster.'];
  const lines = all.slice(0, MOST_CHANGES).map(({ at, what }) => `- ${clock(at)} ${inline(what)}`);
  return ['## What changed in the cluster', lines.join('\n'), ...more(all.length, MOST_CHANGES)];
}

const more = (count: number, most: number): string[] =>
  count <= most ? [] : [`${quantity(count - most, 'more is', 'more are')} in the JSON file.`];

/** 2026-11-30T15:04:05.678Z as `15:04:05.6`. */
export const clock = (iso: string): string => iso.slice(11, 21);

/** The most frequent first: `5× 503 UH, 1× reset after send`. */
function counts(of: Readonly<Record<string, number>>): string {
  const ordered = Object.entries(of).toSorted((a, b) => b[1] - a[1]);
  return ordered.map(([name, count]) => `${count}× ${name}`).join(', ');
}
