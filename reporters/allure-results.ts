import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ContentType, Status, type Attachment, type StepResult, type TestResult } from 'allure-js-commons';

import { writeWhole } from '../fixtures/contract/files.ts';
import type { Picture, TakenPicture } from '../fixtures/contract/picture.ts';
import { RESULT_ATTACHMENT, type CheckResult } from '../fixtures/contract/result.ts';
import { withAllureVerdict } from './allure-verdict.ts';

/**
 * Adds verdicts to the checks among Allure results, in place. Idempotent.
 * @param folder where allure-playwright wrote its results
 * @param mesh the mesh of checks that left no result of their own
 */
export async function addVerdicts(folder: string, mesh: string): Promise<void> {
  const files = (await readdir(folder).catch(nothing)).filter((file) => file.endsWith('-result.json'));
  if (files.length === 0) throw new Error(`allure-playwright left no results in ${folder}`);
  const { draw } = await import('./charts/draw.ts');
  await Promise.all(
    files.map(async (file) => {
      const path = join(folder, file);
      const result = await resultIn(path);
      if (result === undefined) return;
      const attached = await attachedResult(result, folder);
      const judged = withAllureVerdict(withAttachmentsInPlace(result), attached, mesh, draw);
      if (!hasVerdict(result)) await attachPictures(judged, attached, folder, draw);
      await writeWhole(path, JSON.stringify(judged));
    }),
  );
}

/**
 * Distinguishes the results of one run from those of another run of the same checks, which Allure would treat as retries and show only the
 * last of.
 * @param files file names of results in the folder, with or without verdicts
 */
export async function tellRunApart(folder: string, files: readonly string[], run: string): Promise<void> {
  for (const file of files.filter((name) => name.endsWith('-result.json'))) {
    const path = join(folder, file);
    const result = await resultIn(path);
    if (result === undefined) continue;
    const historyId = result.historyId === undefined ? {} : { historyId: `${result.historyId}.${run}` };
    await writeWhole(path, JSON.stringify({ ...result, ...historyId, parameters: [...result.parameters, { name: 'run', value: run }] }));
  }
}

/** Undefined for a file that cannot be read, e.g. one that a killed run wrote incompletely. Allure ignores it too. */
async function resultIn(path: string): Promise<TestResult | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as TestResult;
  } catch {
    return undefined;
  }
}

/** The content of the last attachment with a CheckResult; undefined if there is none. */
async function attachedResult(result: TestResult, folder: string): Promise<unknown> {
  const attachment = attachmentsOf(result).findLast(({ name }) => name === RESULT_ATTACHMENT);
  if (attachment === undefined) return undefined;
  const text = await readFile(join(folder, attachment.source), 'utf8').catch(String);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function hasVerdict({ labels }: TestResult): boolean {
  return labels.some(({ name }) => name === 'verdict');
}

/**
 * Attaches each picture to the step in which it was measured, where it can be opened in full: the control's next to the check's, to show
 * what a failure looks like.
 */
async function attachPictures(result: TestResult, attached: unknown, folder: string, draw: (picture: Picture) => string): Promise<void> {
  const taken = (attached as Partial<CheckResult> | undefined)?.pictures;
  if (!hasVerdict(result) || !Array.isArray(taken)) return;
  for (const [index, { phase, picture }] of taken.entries()) {
    const source = `${result.uuid}-picture-${index + 1}-attachment.svg`;
    await writeFile(join(folder, source), draw(picture));
    (stepOf(result, phase) ?? result).attachments.push({ name: picture.title, type: ContentType.SVG, source });
  }
}

function stepOf({ steps }: TestResult, phase: TakenPicture['phase']): StepResult | undefined {
  return steps.find(({ name = '' }) => (phase === 'check' ? name === phase : name.startsWith(`${phase}: `)));
}

function attachmentsOf({ attachments, steps }: TestResult | StepResult): Attachment[] {
  return [...attachments, ...steps.flatMap((step) => attachmentsOf(step))];
}

/** allure-playwright turns every attachment into a step without a status, which the site shows as a step with unknown outcome. */
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
