import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { expect, test } from '@playwright/test';

import { checkLines } from '../../reporters/console.ts';
import { readmeWithChecks } from '../../scripts/dev/check-table.ts';
import { gallery } from '../reporters/gallery.ts';
import { PROJECT } from './sources.ts';

const readme = readFileSync(join(PROJECT, 'README.md'), 'utf8');

test('Lists the current checks in README.md; npm run docs writes the table', async () => {
  // It loads every check, which takes a busy machine longer than the usual limit.
  test.setTimeout(900_000);
  expect(readme).toBe(await readmeWithChecks());
});

test('Shows in README.md what the console prints for the failing check of the gallery', () => {
  const [check] = gallery().filter(({ verdict }) => verdict === 'FAIL');
  if (check === undefined) throw new Error('no check of the gallery fails');
  const traces = {
    evidence: check.evidence.map(({ file }) => `meshproof-report/${file}`),
    diagnostics: `meshproof-report/diagnostics/${check.id}`,
  };
  const lines = checkLines({ ...check, durationMs: 12_300 }, traces, process.stdout);
  expect(/^FAIL [^]*?(?=\n```)/m.exec(readme)?.[0]).toBe(lines.map((line) => stripVTControlCharacters(line)).join('\n'));
});
