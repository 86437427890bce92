import { readFileSync } from 'node:fs';

import type { TestCase, TestResult } from '@playwright/test/reporter';

import { repetitionOf as repetitionIn } from '../fixtures/contract/names.ts';
import { RESULT_ATTACHMENT } from '../fixtures/contract/result.ts';
import type { Ending } from '../fixtures/contract/verdict.ts';
import { checkNameOf, type CheckName } from './check-result.ts';

/** The name of the check in a test; undefined for a test outside the suites. */
export function nameOf(test: TestCase): CheckName | undefined {
  return checkNameOf(test.location.file, test.title);
}

/** The result that a check attached. Invalid JSON is returned as text, which is not a valid result. */
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

/** The repetition number of a test, from 1; undefined if each test runs once. */
export function repetitionOf(test: TestCase): number | undefined {
  const { repeatEach = 1 } = test.parent.project() ?? {};
  return repetitionIn({ project: { repeatEach }, repeatEachIndex: test.repeatEachIndex });
}

/** How a test ended, with the errors that the runner reported. */
export function endingOf({ status, errors, annotations }: TestResult): Ending {
  const skipped = annotations.find(({ type }) => type === 'skip' || type === 'fixme')?.description ?? '';
  const said = status === 'skipped' ? skipped : errors.map(({ message, value }) => message ?? value ?? '').join('\n');
  return { status: status === 'passed' || status === 'skipped' ? status : 'failed', said };
}
