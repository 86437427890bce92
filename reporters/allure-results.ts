import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ContentType, Status, type Attachment, type StepResult, type TestResult } from 'allure-js-commons';

import { writeWhole } from '../fixtures/contract/files.ts';
import type { Picture, TakenPicture } from '../fixtures/contract/picture.ts';
import { RESULT_ATTACHMENT, type CheckResult } from '../fixtures/contract/result.ts';
import type { Facts } from '../fixtures/contract/run.ts';
import { withAllureVerdict } from './allure-verdict.ts';
import { versionsText } from './versions.ts';

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
 * last of. What a result says already is not added again, but the ID of its run is.
 * @param files file names of results in the folder
 * @param ran what distinguishes the run, by name: `under`, its versions, and `run`, its ID, if another run has these in common; no history
 * continues then
 */
export async function tellRunApart(folder: string, files: readonly string[], ran: Facts): Promise<void> {
  for (const file of files.filter((name) => name.endsWith('-result.json'))) {
    const path = join(folder, file);
    const result = await resultIn(path);
    if (result === undefined) continue;
    const said = new Set(result.parameters.map(({ name }) => name));
    const added = Object.entries(ran).flatMap(([name, value]) => (name === 'run' || !said.has(name) ? [{ name, value }] : []));
    const historyId = result.historyId === undefined ? {} : { historyId: [result.historyId, ...added.map(({ value }) => value)].join('.') };
    const name = titled(result.name ?? '', ran);
    await writeWhole(path, JSON.stringify({ ...result, name, ...historyId, parameters: [...result.parameters, ...added] }));
  }
}

/** A title with the fault and the versions, because Allure lists results by their titles alone. */
function titled(title: string, ran: Facts): string {
  const { under } = ran;
  const versions = versionsText(Object.fromEntries(Object.entries(ran).filter(([name]) => name !== 'under' && name !== 'run')));
  const words = [...(under === undefined ? [] : [`under ${under}`]), ...(versions === '' ? [] : [`with ${versions}`])];
  return [title, ...words.filter((one) => !title.includes(one))].join(' ');
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
