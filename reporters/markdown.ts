import { markdownTable } from 'markdown-table';

import type { Conformance } from '../fixtures/results/conformance.ts';
import { VERDICTS, type CheckResult } from '../fixtures/results/result.ts';
import { claim, confidence, duration, printable, worth } from './in-words.ts';

/** conformance.md: fit for a pull request comment. */
export function conformanceMarkdown({ run, checks }: Conformance): string {
  const versions = Object.entries(run.versions).map(([name, version]) => `${name} ${version}`);
  const facts = [`Run ${run.id}, ${run.startedAt}, ${duration(run.durationMs)}`, ...versions].join(' · ');
  const sections = [`# ${worth(checks)}`, inline(facts), matrix(checks), table(checks)];
  if (run.errors.length > 0) sections.push('## Errors outside the checks', run.errors.map((error) => `- ${inline(error)}`).join('\n'));
  const notPassed = checks.filter(({ verdict }) => verdict !== 'PASS');
  if (notPassed.length > 0) sections.push('## What did not pass', ...notPassed.map((check) => reason(check)));
  const guide = guideTable(checks);
  if (guide !== '') sections.push('## Guide against reality', guide);
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** Text that Markdown shows as it is, on one line, in and outside tables. */
export function inline(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
  return printable(text)
    .replaceAll(/[&<>]/g, (character) => entities[character] ?? character)
    .replaceAll(/[\\`*_[\]#|~]/g, String.raw`\$&`)
    .replaceAll(/\s+/g, ' ')
    .trim();
}

function matrix(checks: readonly CheckResult[]): string {
  const suites = [...new Set(checks.map(({ suite }) => suite))];
  const meshes = [...new Set(checks.map(({ mesh }) => mesh))];
  if (checks.length === 0) return '';
  const rows = suites.map((suite) => [
    inline(suite),
    ...meshes.map((mesh) => tally(checks.filter((check) => check.suite === suite && check.mesh === mesh))),
  ]);
  return markdownTable([['suite', ...meshes.map((mesh) => inline(mesh))], ...rows]);
}

function tally(checks: readonly CheckResult[]): string {
  const counts = VERDICTS.map((verdict) => [checks.filter((check) => check.verdict === verdict).length, verdict] as const);
  const named = counts.filter(([count]) => count > 0).map(([count, verdict]) => `${count} ${verdict}`);
  return named.length === 0 ? '-' : named.join(', ');
}

function table(checks: readonly CheckResult[]): string {
  if (checks.length === 0) return 'No check was run.';
  const rows = checks.map(({ verdict, id, mesh, title, control, enforcementMs, durationMs, statistics }) => [
    verdict,
    `${inline(id)}<br>${inline(title)}`,
    inline(mesh),
    control,
    enforcementMs === null ? '-' : duration(enforcementMs),
    duration(durationMs),
    statistics.length === 0 ? '-' : statistics.map((statistic) => inline(claim(statistic))).join('<br>'),
  ]);
  return markdownTable([['verdict', 'check', 'mesh', 'control', 'enforced after', 'took', 'statistics'], ...rows]);
}

function reason(check: CheckResult): string {
  const { verdict, id, mesh, title, rerun, evidence } = check;
  const lines = [`### ${verdict} ${inline(id)} (${inline(mesh)})`, `Promised: ${inline(title)}`, inline(check.reason)];
  if (verdict === 'UNSUPPORTED') return lines.join('\n\n');
  const sure = [...confidence(check), ...evidence.map(({ file, phase, name }) => `evidence of the ${phase}, ${name}: ${file}`)];
  return [...lines, sure.map((line) => `- ${inline(line)}`).join('\n'), fenced(rerun)].join('\n\n');
}

function fenced(command: string): string {
  const longest = Math.max(2, ...[...command.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}sh\n${command}\n${fence}`;
}

function guideTable(checks: readonly CheckResult[]): string {
  const rows = checks.flatMap(({ id, mesh, guide = [] }) =>
    guide.map(({ says, reality }) => [inline(id), inline(mesh), inline(says), inline(reality)]),
  );
  return rows.length === 0 ? '' : markdownTable([['check', 'mesh', 'the guide says', 'the mesh does'], ...rows]);
}
