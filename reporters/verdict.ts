import { stripVTControlCharacters } from 'node:util';

import { CheckResult } from '../fixtures/contract/result.ts';
import { validated } from './validate.ts';

/** How the test of a check ended, in the words that Playwright and Allure results share. */
export interface Ending {
  status: 'passed' | 'failed' | 'skipped' | 'not run';
  /** What the runner said about it; may be empty. */
  said: string;
}

/** A check as the file system names it: `<suite>/<stem>.spec.ts` in the folder of all suites. */
export interface CheckName {
  id: string;
  suite: string;
  title: string;
}

/** The id of the check in a spec file, or undefined when the file is not one of a suite's. */
export function checkNameOf(file: string, title: string): CheckName | undefined {
  const found = /([^/]+)\/([^/]+)\.spec\.ts$/.exec(file.replaceAll('\\', '/'));
  return found ? { id: `${found[1]}/${found[2]}`, suite: String(found[1]), title } : undefined;
}

/**
 * The result that counts for a check: what the check attached, unless that claims more than its test shows.
 * A test that ended without a result, or ended worse than its result says, is INCONCLUSIVE; a PASS with a green control is INVALID.
 * @param attached the content of the attachment, undefined without one.
 */
export function judge(name: CheckName, mesh: string, attached: unknown, ending: Ending, durationMs: number): CheckResult {
  if (attached === undefined) return withoutResult(name, mesh, withoutVerdict(ending), durationMs);
  let result: CheckResult;
  try {
    result = validated(CheckResult, attached, 'the attached result');
  } catch (error) {
    return withoutResult(name, mesh, String(error instanceof Error ? error.message : error), durationMs);
  }
  if (result.verdict === 'PASS' && result.control === 'green') {
    return { ...result, verdict: 'INVALID', reason: 'The control stayed green: this check cannot fail, so its PASS proves nothing.' };
  }
  const claimed = result.verdict === 'PASS' ? ['passed'] : result.verdict === 'UNSUPPORTED' ? ['skipped', 'passed'] : undefined;
  if (!claimed || claimed.includes(ending.status)) return result;
  const reason = `The check came to ${result.verdict}, but its test ended as ${ending.status}${colon(firstLines(ending.said))}`;
  return { ...result, verdict: 'INCONCLUSIVE', reason };
}

/** The first lines of a message that say something, without colours, joined to one paragraph. */
export function firstLines(message: string, count = 3): string {
  const lines = stripVTControlCharacters(message)
    .split(/\r?\n/)
    .map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .slice(0, count)
    .join(' ')
    .slice(0, 600);
}

function withoutVerdict({ status, said }: Ending): string {
  const ended = {
    passed: 'ended without saying a verdict',
    failed: 'broke off before a verdict',
    skipped: 'was skipped',
    'not run': 'was not run',
  };
  return `The check ${ended[status]}${colon(firstLines(said))}`;
}

function colon(text: string): string {
  return text === '' ? '.' : `: ${text}`;
}

function withoutResult({ id, suite, title }: CheckName, mesh: string, reason: string, durationMs: number): CheckResult {
  return {
    id,
    suite,
    mesh,
    title,
    verdict: 'INCONCLUSIVE',
    reason,
    control: 'skipped',
    controlBecause: '',
    controlSaid: '',
    enforcementMs: null,
    durationMs,
    statistics: [],
    evidence: [],
    rerun: `npm test -- --check=${id} --mesh=${mesh}`,
  };
}
