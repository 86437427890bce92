import { readFileSync, rmSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Conformance, EarlierRun, SCHEMA_VERSION } from '../fixtures/contract/conformance.ts';
import { ALLURE_RESULTS } from '../fixtures/contract/report-folder.ts';
import { junitXml } from './junit.ts';
import { conformanceMarkdown } from './markdown.ts';
import { validated } from './validate.ts';

const FILES = ['conformance.json', 'conformance.md', 'junit.xml'] as const;

/**
 * Writes conformance.json, conformance.md and junit.xml into the report folder; each appears whole or not at all.
 * @throws Error when the report is not what its own schema says; then nothing is written.
 */
export async function writeConformance(report: string, conformance: Conformance): Promise<void> {
  validated(Conformance, conformance, 'conformance.json');
  await mkdir(report, { recursive: true });
  const content = {
    'conformance.json': `${JSON.stringify(conformance, null, 2)}\n`,
    'conformance.md': conformanceMarkdown(conformance),
    'junit.xml': junitXml(conformance),
  };
  for (const file of FILES) {
    const path = join(report, file);
    await writeFile(`${path}.new`, content[file]);
    await rename(`${path}.new`, path);
  }
}

/**
 * Reads a conformance.json whole.
 * @throws Error when it is missing, of another schema version, or not what its schema says.
 */
export async function readConformance(file: string): Promise<Conformance> {
  const content: unknown = JSON.parse(await readFile(file, 'utf8'));
  const { schemaVersion = 1 } = (content ?? {}) as { schemaVersion?: unknown };
  if (schemaVersion !== SCHEMA_VERSION) {
    throw new Error(`${file} has schema version ${String(schemaVersion)}; this version of meshproof reads ${SCHEMA_VERSION}`);
  }
  return validated(Conformance, content, file);
}

/**
 * Reads of the report of an earlier run what a comparison needs; any version of meshproof may have written it. It is read at once, because the
 * run that begins may write to the same place.
 * @param report its folder, or its conformance.json
 * @throws Error when it is missing or no report.
 */
export function readEarlierRun(report: string): EarlierRun {
  const file = conformanceIn(report);
  return validated(EarlierRun, JSON.parse(readFileSync(file, 'utf8')), file);
}

/** The conformance.json of a report: a folder's, or the file itself. */
export function conformanceIn(report: string): string {
  return report.endsWith('.json') ? report : join(report, 'conformance.json');
}

/** Removes what an earlier run left, so that a run which dies does not seem to have its predecessor's verdicts. */
export function removeConformance(report: string): void {
  for (const name of [...FILES, 'allure', ALLURE_RESULTS, 'evidence', 'diagnostics', 'pictures'])
    rmSync(join(report, name), { recursive: true, force: true });
}
