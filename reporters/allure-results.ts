import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Status, type Attachment, type StepResult, type TestResult } from 'allure-js-commons';

import { RESULT_ATTACHMENT } from '../fixtures/results/result.ts';
import { settled } from './allure-verdict.ts';

/**
 * Gives the checks among Allure results their verdicts, in place. Doing it twice changes nothing more.
 * @param folder where allure-playwright wrote.
 * @param mesh the mesh of those checks that left no result of their own.
 */
export async function settleAllureResults(folder: string, mesh: string): Promise<void> {
  const files = (await readdir(folder).catch(nothing)).filter((file) => file.endsWith('-result.json'));
  if (files.length === 0) throw new Error(`allure-playwright left no results in ${folder}`);
  await Promise.all(
    files.map(async (file) => {
      const path = join(folder, file);
      const result: TestResult = JSON.parse(await readFile(path, 'utf8'));
      const judged = settled(withAttachmentsInPlace(result), await attachedResult(result, folder), mesh);
      await writeFile(`${path}.new`, JSON.stringify(judged));
      await rename(`${path}.new`, path);
    }),
  );
}

/** The content of the last attachment that carries a CheckResult; undefined without one. */
async function attachedResult(result: TestResult, folder: string): Promise<unknown> {
  const attachment = attachmentsOf(result).findLast(({ name }) => name === RESULT_ATTACHMENT);
  return attachment && JSON.parse(await readFile(join(folder, attachment.source), 'utf8'));
}

function attachmentsOf({ attachments, steps }: TestResult | StepResult): Attachment[] {
  return [...attachments, ...steps.flatMap((step) => attachmentsOf(step))];
}

/** allure-playwright makes a step without a status of every attachment, which the site shows as a step of unknown outcome. */
function withAttachmentsInPlace<T extends TestResult | StepResult>(node: T): T {
  const wrapped = node.steps.filter((step) => isAttachment(step)).flatMap(({ attachments }) => attachments);
  return {
    ...node,
    attachments: [...node.attachments, ...wrapped],
    steps: node.steps.filter((step) => !isAttachment(step) && !isEmptyHook(step)).map((step) => withAttachmentsInPlace(step)),
  };
}

function isEmptyHook({ name, status, steps, attachments }: StepResult): boolean {
  return /^(Before|After) Hooks$/.test(name ?? '') && status === Status.PASSED && steps.length === 0 && attachments.length === 0;
}

function isAttachment({ name, status, steps, attachments }: StepResult): boolean {
  return status === undefined && steps.length === 0 && attachments.length === 1 && attachments[0]?.name === name;
}

function nothing(): string[] {
  return [];
}
