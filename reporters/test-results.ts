import { readFileSync } from 'node:fs';

import type { TestCase, TestResult } from '@playwright/test/reporter';

import { RESULT_ATTACHMENT } from '../fixtures/contract/result.ts';
import type { Ending } from '../fixtures/contract/verdict.ts';
import { checkNameOf, type CheckName } from './check-result.ts';

/** The check that a test is; undefined for a test outside of suites. */
export function nameOf(test: TestCase): CheckName | undefined {
  return checkNameOf(test.location.file, test.title);
}

/** What a check attached as its result; an attachment that cannot be read stays as the text it is, which is no valid result. */
export function attachedTo({ attachments }: TestResult): unknown {
  const attachment = attachments.findLast(({ name }) => name === RESULT_ATTACHMENT);
  if (!attachment) return undefined;
  const text = attachment.path === undefined ? String(attachment.body) : readFileSync(attachment.path, 'utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Which repetition a test is, from 1; undefined where each runs once. */
export function repetitionOf(test: TestCase): number | undefined {
  return (test.parent.project()?.repeatEach ?? 1) > 1 ? test.repeatEachIndex + 1 : undefined;
}

/** How a test ended, with what the runner said of it. */
export function endingOf({ status, errors, annotations }: TestResult): Ending {
  const skipped = annotations.find(({ type }) => type === 'skip' || type === 'fixme')?.description ?? '';
  const said = status === 'skipped' ? skipped : errors.map(({ message, value }) => message ?? value ?? '').join('\n');
  return { status: status === 'passed' || status === 'skipped' ? status : 'failed', said };
}
