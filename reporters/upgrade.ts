import { join } from 'node:path';

import { markdownTable } from 'markdown-table';

import { writeWhole } from '../fixtures/contract/files.ts';
import { DIFFERS, UpgradeReport, type RecordedStation, type Station, type UpgradeStep } from '../fixtures/contract/upgrade.ts';
import { quantity } from '../fixtures/contract/quantity.ts';
import { duration } from './format.ts';
import { inline } from './markdown.ts';
import { validated } from './validate.ts';
import { clock, outageSection } from './watch.ts';

/** The reasons that the page begins with; further ones follow the tables. */
const FIRST_REASONS = 3;

/**
 * Writes upgrade.json and upgrade.md to the report folder, each atomically.
 * @throws Error if the report does not match its schema; nothing is written then
 */
export async function writeUpgrade(folder: string, report: UpgradeReport): Promise<void> {
  validated(UpgradeReport, report, 'upgrade.json');
  const content = { 'upgrade.json': `${JSON.stringify(report, undefined, 2)}\n`, 'upgrade.md': upgradeMarkdown(report) };
  for (const [file, text] of Object.entries(content)) await writeWhole(join(folder, file), text);
}

/** upgrade.md: the verdict in the first line, then the steps, what failed in each, the rollback, and how it was judged. */
function upgradeMarkdown(report: UpgradeReport): string {
  const { verdict, reasons, upgrade, steps, findings } = report;
  const [first = '', ...others] = reasons;
  const bullets = (lines: readonly string[]): string => lines.map((line) => `- ${inline(line)}`).join('\n');
  const more = others.slice(FIRST_REASONS - 1);
  const outages = steps.flatMap(({ classes }, index) =>
    classes.flatMap((one) => one.windows.map((window) => ({ ...window, one: { ...one, name: `${one.name}, step ${index + 1}` } }))),
  );
  const sections = [
    `# ${verdict}: ${inline(first)}`,
    bullets(others.slice(0, FIRST_REASONS - 1)),
    inline(about(report)),
    stepTable(steps),
    '## Not as promised, of those that were due in each step',
    failureTable(steps),
    ...(more.length === 0 ? [] : ['## Further reasons', bullets(more)]),
    ...outageSection(outages),
    ...changedSection(report),
    ...kindSection(report),
    ...(findings.length === 0 ? [] : ["## What the mesh's own tool reports before the upgrade", bullets(findings)]),
    '## Rollback',
    upgrade.rollback ? 'It was tried: see its steps above.' : 'It was not tried; `--rollback` tries it.',
    commandsOf(report),
    '## How this was judged',
    judgement(report),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function about({ upgrade }: UpgradeReport): string {
  const { id, startedAt, durationMs, mesh, from, to, by, rollback, rate, versions } = upgrade;
  const way = `${mesh} ${from} → ${to}${rollback ? ` → ${from}` : ''} ${by === 'in-place' ? 'in place' : 'by revision'}`;
  const known = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [`Upgrade ${id}`, way, startedAt, duration(durationMs), `${rate} requests/s of each class`, ...known].join(' · ');
}

const tableOf = (rows: string[][]): string => markdownTable(rows, { alignDelimiters: false });

function stepTable(steps: readonly UpgradeStep[]): string {
  const rows = steps.map(({ name, startedAt, durationMs, running }, index) =>
    [String(index + 1), clock(startedAt), duration(durationMs), name, running.join('; ')].map(inline),
  );
  return tableOf([['step', 'from (UTC)', 'for', 'what', 'running at its end'], ...rows]);
}

/** A row for each step, with a column for each class: those that were not as promised, of those that were due. */
function failureTable(steps: readonly UpgradeStep[]): string {
  const names = [...new Set(steps.flatMap(({ classes }) => classes.filter(({ promise }) => promise !== 'told').map(({ name }) => name)))];
  const rows = steps.map(({ classes }, index) => [
    String(index + 1),
    ...names.map((name) => {
      const { bad = 0, asked = 0 } = classes.find((one) => one.name === name) ?? {};
      return bad === 0 ? `0 of ${asked}` : `**${bad} of ${asked}**`;
    }),
  ]);
  return tableOf([['step', ...names], ...rows]);
}

const WHEN: Readonly<Record<Station, string>> = { before: 'before', after: 'after the upgrade', rollback: 'after the rollback' };

/** What was recorded at each station, and what differs from the first one. */
function changedSection({ stations, changed }: UpgradeReport): string[] {
  const rows = changed.map(({ at, what, of, before, now }) => [WHEN[at], what, of, before, now].map(inline));
  return [
    '## What changed',
    ...(stations.length === 0 ? [] : [stations.map(stationLine).join('\n')]),
    rows.length === 0 ? 'Nothing that was compared.' : tableOf([['when', 'what', 'of', 'before', 'then'], ...rows]),
    ...(stations.some(({ checks }) => checks !== undefined) ? [COMPARED] : []),
  ];
}

function stationLine({ at, checks, defaults, unread }: RecordedStation): string {
  const settings = unread === undefined ? quantity(Object.keys(defaults ?? {}).length, 'setting') : `settings not readable: ${unread}`;
  const proxy = `${settings} of a proxy for requests that nothing configures`;
  if (checks === undefined) return `- ${WHEN[at]}: ${inline(proxy)}`;
  const { folder, verdicts, errors } = checks;
  const counted = Object.entries(verdicts).map(([verdict, count]) => `${count} ${verdict}`);
  return `- [${WHEN[at]}](<${folder}/conformance.md>): ${inline([counted.join(', ') || 'no check', ...errors, proxy].join('; '))}`;
}

const COMPARED = `Enforcement times are listed if one is ${DIFFERS.times} times as long as the other and ${duration(DIFFERS.ms)} longer; endings, if at least ${100 * DIFFERS.share} % of the requests in one run ended so and none in the other; statistics, if their intervals do not overlap, and medians if they also differ by more than their tolerance.`;

/** Fields that differ. */
function kindSection({ kinds, upgrade: { from, to } }: UpgradeReport): string[] {
  if (kinds.length === 0) return [];
  const lines = kinds.map(({ kind, added, removed }) => {
    const parts = [
      ...(added.length === 0 ? [] : [`new: ${fields(added)}`]),
      ...(removed.length === 0 ? [] : [`removed: ${fields(removed)}`]),
    ];
    return `- ${inline(`${kind}: ${parts.join('; ')}`)}`;
  });
  return [
    `## Fields that differ in the CRDs of ${inline(`${from} and ${to}`)}`,
    lines.join('\n'),
    'After a rollback, the API server no longer shows new fields of existing objects, and the next change of such an object drops them for good.',
  ];
}

/** The same field in several places is named once: `spec.a.retries (and 2 like it)`. */
function fields(paths: readonly string[]): string {
  const byName = Map.groupBy(paths, (path) => path.split('.').at(-1));
  return [...byName.values()]
    .map(([first = '', ...others]) => (others.length === 0 ? first : `${first} (and ${others.length} like it)`))
    .join(', ');
}

const commandsOf = ({ rollbackCommands: commands }: UpgradeReport): string => ['```', ...commands, '```'].join('\n');

function judgement({ upgrade: { budgetMs } }: UpgradeReport): string {
  return [
    'In a step without restarts, every failed request and every refused dry run is due to the upgrade;',
    budgetMs === 0 ? 'there, no class may have an outage.' : `there, each class may have outages of ${duration(budgetMs)} in total.`,
    'While pods are restarted, requests fail in any version: their outages are compared with those of the same restart without an upgrade, before and after it, and may be twice as long as the longer of these and two seconds longer.',
    'What must be refused may never be let through. watch.md lists what changed in the cluster meanwhile.',
  ].join(' ');
}
