import { markdownTable } from 'markdown-table';

import type { Against, Conformance, NotChosen, PlannedCheck } from '../fixtures/contract/conformance.ts';
import { VERDICTS, type CheckResult } from '../fixtures/contract/result.ts';
import type { Survey } from '../fixtures/contract/run.ts';
import { quantity } from '../fixtures/contract/quantity.ts';
import { printable } from '../fixtures/contract/printable.ts';
import {
  claim,
  confidence,
  duration,
  idOf,
  unprovenAssertions,
  seenRed,
  transitionSummary,
  omissions,
  warningsOf,
  whereRun,
  headline,
} from './format.ts';
import { columnOf, type Column } from './column.ts';
import { URGENT_FIRST } from './transitions.ts';
import { byVersions, versionsText } from './versions.ts';

/** conformance.md, which is suitable for a pull request comment. */
export function conformanceMarkdown(conformance: Conformance): string {
  const { run, checks, planned = [], against } = conformance;
  const versions = Object.entries(run.versions).map(([name, version]) => `${name} ${version}`);
  const facts = [`Run ${run.id}, ${run.startedAt}, ${duration(run.durationMs)}`, ...whereRun(run), ...versions].join(' · ');
  const sections = [
    `# ${headline(checks)}`,
    inline(facts),
    matrix(conformance),
    ...omissions(conformance).map((line) => `${inline(line)}.`),
    ...columnMatrices(checks),
    table(checks),
  ];
  if (against !== undefined) sections.push('## Since the earlier run', transitionTable(against));
  if (run.errors.length > 0) sections.push('## Errors outside the checks', run.errors.map((error) => `- ${inline(error)}`).join('\n'));
  const notPassed = checks.filter(({ verdict }) => verdict !== 'PASS');
  if (notPassed.length > 0) sections.push('## Checks that did not pass', ...notPassed.map((check) => reason(check)));
  const warnings = warningTable(checks);
  if (warnings !== '') sections.push('## Applied with warnings', warnings);
  const unproven = neverRedTable(checks);
  if (unproven !== '') sections.push('## Assertions that no control made fail', unproven);
  const deviations = deviationTable(checks);
  if (deviations !== '') sections.push('## Documentation and observed behaviour', deviations);
  if (run.survey !== undefined) sections.push('## The mesh as found', surveyTable(run.survey));
  if (planned.length > 0) sections.push('## Planned checks', plannedTable(planned));
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** Cells are not padded: one long cell would lengthen every row, and a pull request comment is limited to 65,536 characters. */
const tableOf = (rows: string[][]): string => markdownTable(rows, { alignDelimiters: false });

/** The beginnings of what GitHub and GitLab turn into links and mentions; an invisible comment after them prevents that. */
const REFERENCES = /([@#!])(?=\w)|(\b(?:https?|ftp|mailto|xmpp):)|(\bwww)(?=\.)|(\bGH)(?=-\d)/gi;

/** Escapes text so that Markdown shows it literally, on one line, inside and outside tables, without links or mentions. */
export function inline(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
  return printable(text)
    .replaceAll(/[&<>]/g, (character) => entities[character] ?? character)
    .replaceAll(/[\\`*_[\]#|~]/g, String.raw`\$&`)
    .replaceAll(REFERENCES, '$&<!-- -->')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Verdicts by suite and mesh, with checks not selected and checks planned: a missing count would look like a pass. */
function matrix({ checks, notChosen = [], planned = [] }: Conformance): string {
  const all: NotChosen[] = [...checks, ...notChosen, ...planned];
  const suites = [...new Set(all.map((one) => suiteOf(one)))].toSorted();
  const columns = columnsOf([...checks, ...notChosen].map(({ mesh, versions }) => ({ mesh, versions })));
  const others = columnsOf(planned.filter(({ mesh }) => columns.every((column) => column.mesh !== mesh)).map(({ mesh }) => ({ mesh })));
  if (all.length === 0) return '';
  const cell = (suite: string, column: Column): string => {
    const here = <T extends NotChosen>(rows: readonly T[]): T[] =>
      rows.filter((row) => suiteOf(row) === suite && columnOf({ mesh: row.mesh, versions: row.versions }) === columnOf(column));
    const verdicts = here(checks).map(({ verdict }) => verdict);
    const counts: [number, string][] = [
      ...VERDICTS.map((verdict): [number, string] => [verdicts.filter((one) => one === verdict).length, verdict]),
      [here(notChosen).length, 'not selected'],
      [planned.filter((row) => suiteOf(row) === suite && row.mesh === column.mesh).length, 'planned'],
    ];
    const named = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
    return named.length === 0 ? '-' : named.join(', ');
  };
  const shown = [...columns, ...others].toSorted((a, b) => (a.mesh === b.mesh ? 0 : a.mesh < b.mesh ? -1 : 1));
  const heads = shown.map(({ mesh, versions }) => inline(versions === undefined ? mesh : `${mesh} (${versionsText(versions)})`));
  const rows = suites.map((suite) => [inline(suite), ...shown.map((column) => cell(suite, column))]);
  return tableOf([['suite', ...heads], ...rows]);
}

/**
 * Verdicts by check, fault and version, starting with no fault and the oldest version; a table for each mesh if there are versions, because
 * every mesh has its own. Empty if there is nothing to compare.
 */
function columnMatrices(checks: readonly CheckResult[]): string[] {
  const [faults, versions] = [checks.some(({ under }) => under !== undefined), checks.some((check) => check.versions !== undefined)];
  const groups = versions ? Map.groupBy(checks, ({ mesh }) => mesh).values() : [checks];
  const tables = [...groups].flatMap((group) => columnMatrix(group, faults));
  if (tables.length === 0) return [];
  return [`## ${!versions ? 'Under faults' : faults ? 'By fault and version' : 'By version'}`, ...tables, '## Checks'];
}

function columnMatrix(checks: readonly CheckResult[], faults: boolean): string[] {
  const columnIn = ({ under, versions }: Pick<Column, 'under' | 'versions'>) => columnOf({ mesh: '', under, versions });
  const columns = columnsOf(checks.map(({ under, versions }) => ({ mesh: '', under, versions })));
  if (columns.every(({ under, versions }) => under === undefined && versions === undefined)) return [];
  const heads = columns.map(({ under, versions }) =>
    [...(faults ? [under ?? 'no fault'] : []), ...(versions === undefined ? [] : [versionsText(versions)])].join(', '),
  );
  const rows = [...Map.groupBy(checks, ({ id, mesh }) => `${id} (${mesh})`)].map(([name, runs]) => {
    const cells = columns.map((column) => runs.filter((run) => columnIn(run) === columnIn(column)).map(({ verdict }) => verdict));
    return [inline(name), ...cells.map((verdicts) => [...new Set(verdicts)].join(', ') || '-')];
  });
  const different = rows.filter(([, ...cells]) => new Set(cells.filter((cell) => cell !== '-')).size > 1);
  return [
    `Verdicts differ in ${different.length} of ${quantity(rows.length, 'check')}${different.length === 0 ? '' : ', listed first'}.`,
    tableOf([['check', ...heads.map((head) => inline(head))], ...different, ...rows.filter((row) => !different.includes(row))]),
  ];
}

/** Each column once, by fault and version. */
function columnsOf(all: readonly Column[]): Column[] {
  const faults = [...new Set(all.map(({ under = '' }) => under))].toSorted();
  const columns = [...new Map(all.map((column) => [columnOf(column), column])).values()];
  return columns.toSorted((a, b) => faults.indexOf(a.under ?? '') - faults.indexOf(b.under ?? '') || byVersions(a, b));
}

function surveyTable({ facts, standing }: Survey): string {
  const rows = [...Object.entries(facts), ...standing.map((what) => ['configured for all namespaces', what])];
  return tableOf([['what', 'found'], ...rows.map((row) => row.map((cell) => inline(cell)))]);
}

function suiteOf({ id }: NotChosen): string {
  return id.slice(0, id.indexOf('/'));
}

function table(checks: readonly CheckResult[]): string {
  if (checks.length === 0) return 'No checks were run.';
  const rows = checks.map((check) => {
    const { verdict, mesh, title, control, enforcementMs, durationMs, statistics } = check;
    return [
      verdict,
      `${inline(idOf(check))}<br>${inline(title)}`,
      inline(mesh),
      [control, seenRed([check])].filter((part) => part !== '').join(', '),
      enforcementMs === null ? '-' : duration(enforcementMs),
      duration(durationMs),
      statistics.length === 0 ? '-' : statistics.map((statistic) => inline(claim(statistic))).join('<br>'),
    ];
  });
  return tableOf([['verdict', 'check', 'mesh', 'control', 'enforced after', 'took', 'statistics'], ...rows]);
}

function reason(check: CheckResult): string {
  const { verdict, mesh, title, finding, rerun, evidence } = check;
  const head = [`### ${verdict} ${inline(idOf(check))} (${inline(mesh)})`, `Promise: ${inline(title)}`];
  if (verdict === 'UNSUPPORTED') return [...head, withLink(check.reason)].join('\n\n');
  const facts = [
    ...(finding === undefined
      ? []
      : [`expected: ${finding.expected}`, `observed: ${finding.observed}`, `confidence: ${finding.confidence}`]),
    ...confidence(check),
    ...evidence.map(({ file, phase, name }) => `evidence of the ${phase}, ${name}: ${file}`),
  ];
  return [...head, inline(check.reason), facts.map((line) => `- ${inline(line)}`).join('\n'), fenced(rerun)].join('\n\n');
}

/** Keeps a link at the end of the reason: it comes from the author of the check, not from the cluster. */
function withLink(reason: string): string {
  const [, text, link] = /^(.*) \((https:\/\/[\w./#-]+)\)$/s.exec(reason) ?? [];
  return text === undefined ? inline(reason) : `${inline(text)} (${link})`;
}

function fenced(command: string): string {
  const longest = Math.max(2, ...[...command.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}sh\n${command}\n${fence}`;
}

function deviationTable(checks: readonly CheckResult[]): string {
  const rows = checks.flatMap((check) =>
    (check.docDeviations ?? []).map(({ documented, observed }) => [idOf(check), check.mesh, documented, observed].map(inline)),
  );
  return rows.length === 0 ? '' : tableOf([['check', 'mesh', 'documented', 'observed'], ...rows]);
}

function warningTable(checks: readonly CheckResult[]): string {
  const rows = checks.flatMap((check) => warningsOf(check).map((text) => [inline(idOf(check)), inline(check.mesh), inline(text)]));
  return rows.length === 0 ? '' : tableOf([['check', 'mesh', 'warning'], ...rows]);
}

function neverRedTable(checks: readonly CheckResult[]): string {
  const rows = checks
    .map((check) => [inline(idOf(check)), inline(check.mesh), inline(unprovenAssertions(check).join(', '))])
    .filter(([, , places]) => places !== '');
  return rows.length === 0 ? '' : tableOf([['check', 'mesh', 'assertions'], ...rows]);
}

function plannedTable(planned: readonly PlannedCheck[]): string {
  return tableOf([['check', 'mesh', 'what it will test'], ...planned.map((row) => [row.id, row.mesh, row.sentence].map(inline))]);
}

function transitionTable(against: Against): string {
  const { versions, changes } = against;
  const facts = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const sentence = inline([transitionSummary(against), ...facts].join(' · '));
  if (changes.length === 0) return sentence;
  const sorted = changes.toSorted((a, b) => URGENT_FIRST.indexOf(a.change) - URGENT_FIRST.indexOf(b.change));
  const rows = sorted.map((one) => [
    one.change,
    `${inline(idOf(one))}<br>${inline(one.title)}`,
    inline(one.mesh),
    one.before ?? '-',
    one.now ?? '-',
  ]);
  return `${sentence}\n\n${tableOf([['change', 'check', 'mesh', 'before', 'now'], ...rows])}`;
}
