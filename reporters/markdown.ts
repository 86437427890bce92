import { markdownTable } from 'markdown-table';

import type { Against, Conformance, NotChosen, PlannedCheck } from '../fixtures/contract/conformance.ts';
import { VERDICTS, type CheckResult } from '../fixtures/contract/result.ts';
import type { Survey } from '../fixtures/contract/run.ts';
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
import { URGENT_FIRST } from './transitions.ts';

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
    ...faultMatrix(checks),
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
  const meshes = [...new Set(all.map(({ mesh }) => mesh))].toSorted();
  if (all.length === 0) return '';
  const cell = (suite: string, mesh: string): string => {
    const here = <T extends NotChosen>(rows: readonly T[]): T[] => rows.filter((row) => suiteOf(row) === suite && row.mesh === mesh);
    const verdicts = here(checks).map(({ verdict }) => verdict);
    const counts: [number, string][] = [
      ...VERDICTS.map((verdict): [number, string] => [verdicts.filter((one) => one === verdict).length, verdict]),
      [here(notChosen).length, 'not selected'],
      [here(planned).length, 'planned'],
    ];
    const named = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
    return named.length === 0 ? '-' : named.join(', ');
  };
  const rows = suites.map((suite) => [inline(suite), ...meshes.map((mesh) => cell(suite, mesh))]);
  return tableOf([['suite', ...meshes.map((mesh) => inline(mesh))], ...rows]);
}

/** Verdicts by check and fault, starting with no fault. Empty if no check ran under a fault. */
function faultMatrix(checks: readonly CheckResult[]): string[] {
  const faults = [...new Set(checks.map(({ under = '' }) => under))].toSorted();
  if (faults.every((fault) => fault === '')) return [];
  const rows = [...Map.groupBy(checks, ({ id, mesh }) => `${id} (${mesh})`)].map(([name, runs]) => {
    const cells = faults.map((fault) => runs.filter(({ under = '' }) => under === fault).map(({ verdict }) => verdict));
    return [inline(name), ...cells.map((verdicts) => [...new Set(verdicts)].join(', ') || '-')];
  });
  return ['## Under faults', tableOf([['check', ...faults.map((fault) => inline(fault || 'no fault'))], ...rows])];
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
  const rows = checks.flatMap(({ id, mesh, docDeviations = [] }) =>
    docDeviations.map(({ documented, observed }) => [inline(id), inline(mesh), inline(documented), inline(observed)]),
  );
  return rows.length === 0 ? '' : tableOf([['check', 'mesh', 'documented', 'observed'], ...rows]);
}

function warningTable(checks: readonly CheckResult[]): string {
  const rows = checks.flatMap((check) => warningsOf(check).map((text) => [inline(idOf(check)), inline(check.mesh), inline(text)]));
  return rows.length === 0 ? '' : tableOf([['check', 'mesh', 'warning'], ...rows]);
}

function neverRedTable(checks: readonly CheckResult[]): string {
  const rows = checks
    .map((check) => [inline(check.id), inline(check.mesh), inline(unprovenAssertions(check).join(', '))])
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
