import { readFileSync, rmSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { writeWhole } from '../fixtures/contract/files.ts';
import { Conformance, EarlierRun, SCHEMA_VERSION } from '../fixtures/contract/conformance.ts';
import { ALLURE_RESULTS, ALLURE_WORK, UPGRADE_FOLDER } from '../fixtures/contract/report-folder.ts';
import { junitXml } from './junit.ts';
import { conformanceMarkdown } from './markdown.ts';
import { validated } from './validate.ts';

const FILES = ['conformance.json', 'conformance.md', 'junit.xml'] as const;
/** Files and a folder of reports other than of checks. */
const OTHER_FILES = ['watch.json', 'watch.md', 'upgrade.json', 'upgrade.md', UPGRADE_FOLDER] as const;

/**
 * Writes conformance.json, conformance.md and junit.xml to the report folder, each atomically.
 * @throws Error if the report does not match its schema; nothing is written then
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
    await writeWhole(join(report, file), content[file]);
  }
}

/**
 * Reads a complete conformance.json.
 * @throws Error if it is missing, has another schema version or does not match its schema
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
 * Reads what a comparison needs from the report of an earlier run, which any version of meshproof may have written. Synchronous, because
 * the run that is starting may overwrite it.
 * @param report its folder, or its conformance.json
 * @throws Error if it is missing or not a report
 */
export function readEarlierRun(report: string): EarlierRun {
  const file = conformanceIn(report);
  return validated(EarlierRun, JSON.parse(readFileSync(file, 'utf8')), file);
}

/** The path of a report's conformance.json, given its folder or the file itself. */
export function conformanceIn(report: string): string {
  return report.endsWith('.json') ? report : join(report, 'conformance.json');
}

/** Removes what an earlier run left, so that a run that is killed does not seem to have the verdicts of its predecessor. */
export function removeConformance(report: string): void {
  for (const name of [...FILES, ...OTHER_FILES, 'allure', ALLURE_RESULTS, ALLURE_WORK, 'evidence', 'diagnostics', 'pictures'])
    rmSync(join(report, name), { recursive: true, force: true });
}
