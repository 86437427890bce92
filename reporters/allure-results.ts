import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ContentType, Status, type Attachment, type StepResult, type TestResult } from 'allure-js-commons';

import type { Picture, TakenPicture } from '../fixtures/contract/picture.ts';
import { RESULT_ATTACHMENT, type CheckResult } from '../fixtures/contract/result.ts';
import { withAllureVerdict } from './allure-verdict.ts';

/**
 * Gives the checks among Allure results their verdicts, in place. Doing it twice changes nothing more.
 * @param folder where allure-playwright wrote.
 * @param mesh the mesh of those checks that left no result of their own.
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
      await writeFile(`${path}.new`, JSON.stringify(judged));
      await rename(`${path}.new`, path);
    }),
  );
}

/**
 * Tells the results of one run from those of another that ran the same checks, which Allure would take for retries and show the last of.
 * @param files names of results within the folder, with verdicts or without
 */
export async function tellRunApart(folder: string, files: readonly string[], run: string): Promise<void> {
  for (const file of files.filter((name) => name.endsWith('-result.json'))) {
    const path = join(folder, file);
    const result = await resultIn(path);
    if (result === undefined) continue;
    const historyId = result.historyId === undefined ? {} : { historyId: `${result.historyId}.${run}` };
    await writeFile(
      `${path}.new`,
      JSON.stringify({ ...result, ...historyId, parameters: [...result.parameters, { name: 'run', value: run }] }),
    );
    await rename(`${path}.new`, path);
  }
}

/** Undefined for a file that cannot be read, which Allure passes over too: a run that was killed while it wrote has left half of one. */
async function resultIn(path: string): Promise<TestResult | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as TestResult;
  } catch {
    return undefined;
  }
}

/** The content of the last attachment that carries a CheckResult; undefined without one. */
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

/** Puts each picture under the step in which it was taken, where it can be opened whole: the control's beside the check's, which shows what a failure looks like. */
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
