import { appendFileSync, statSync } from 'node:fs';
import { relative } from 'node:path';

import { variable } from '../fixtures/contract/environment.ts';
import type { CheckResult } from '../fixtures/contract/result.ts';
import { isSuccess } from '../fixtures/contract/verdict.ts';
import { printable } from '../fixtures/contract/printable.ts';
import { idOf, warningsOf } from './format.ts';

/** GitHub rejects a step summary above 1 MiB entirely. */
const LARGEST_SUMMARY = 2 ** 20;

/** Whether this runs as a step of GitHub Actions. */
export function onGithub(environment: NodeJS.ProcessEnv = process.env): boolean {
  return variable('GITHUB_ACTIONS', environment) === 'true';
}

/**
 * Workflow commands that annotate a check's spec in the pull request: an error for any verdict but PASS and UNSUPPORTED, and a warning for
 * each warning.
 * @param place where the check is declared; its path becomes relative to the repository
 */
export function annotations(check: CheckResult, place: { file: string; line: number }, environment = process.env): string[] {
  const at = { file: relative(variable('GITHUB_WORKSPACE', environment) ?? process.cwd(), place.file), line: String(place.line) };
  const warned = warningsOf(check).map((text) => command('warning', { ...at, title: `${idOf(check)} (${check.mesh})` }, text));
  if (isSuccess(check)) return warned;
  const observed = check.finding?.observed ?? check.reason;
  const text = `promise: ${printable(check.title)}\nobserved: ${printable(observed)}\nrerun: ${printable(check.rerun)}`;
  return [command('error', { ...at, title: `${check.verdict} ${idOf(check)} (${check.mesh})` }, text), ...warned];
}

/**
 * Appends a report to the summary of the current step, if there is one. A report that is too long is truncated, and ends with a sentence
 * that says so.
 */
export function addToSummary(markdown: string, environment = process.env): void {
  const file = variable('GITHUB_STEP_SUMMARY', environment);
  if (file === undefined) return;
  const room = LARGEST_SUMMARY - (statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  const bytes = Buffer.from(`${markdown}\n`);
  const rest = '\n\nThis report is truncated because GitHub limits the size of a summary; conformance.md has the rest.\n';
  const whole = bytes.length <= room;
  const fitting = whole ? bytes : Buffer.from(`${bytes.subarray(0, Math.max(0, room - rest.length - 3)).toString('utf8')}${rest}`);
  if (whole || room > rest.length + 3) appendFileSync(file, fitting);
}

function command(name: 'error' | 'warning', properties: Record<string, string>, message: string): string {
  const written = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(printable(value))}`);
  return `::${name} ${written.join(',')}::${escapeMessage(message)}`;
}

/** A line break would end a command, and a percent sign would start an escape. */
function escapeMessage(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
