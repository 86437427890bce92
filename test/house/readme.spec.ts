import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { readmeWithChecks } from '../../scripts/dev/check-table.ts';
import { PROJECT } from './sources.ts';

test('the table of checks in README.md is that of the specs; npm run docs writes it', async () => {
  expect(readFileSync(join(PROJECT, 'README.md'), 'utf8')).toBe(await readmeWithChecks());
});
