import { chmod, mkdir, writeFile } from 'node:fs/promises';

import { expect, test } from '@playwright/test';

import { capture } from '../../clusters/kind/capture.ts';

/** Puts a `docker` first on PATH that lists these nodes, and runs `exec` commands on this machine. */
async function withDocker(folder: string, nodes: string, use: () => Promise<void>): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/docker`, `#!/bin/sh\ncase $1 in ps) printf '${nodes}';; exec) shift 3; exec "$@";; esac\n`);
  await chmod(`${folder}/docker`, 0o755);
  const before = process.env['PATH'];
  process.env['PATH'] = `${folder}:${before}`;
  try {
    await use();
  } finally {
    process.env['PATH'] = before;
  }
}

const CLUSTER = { provider: 'kind', name: 'meshproof-x' } as const;

test('Fails without a node to capture on, instead of finding nothing', async ({}, info) => {
  await withDocker(info.outputPath('programs'), '', async () => {
    let ran = false;
    const captured = capture(CLUSTER, ['secret'], async () => void (ran = true));
    await expect(captured).rejects.toMatchObject({ code: 'CAPTURE_IMPOSSIBLE', message: expect.stringContaining('meshproof-x') });
    expect(ran).toBe(false);
  });
});

test('Returns the counts of a reader that missed no packet', async ({}, info) => {
  test.skip(process.platform !== 'linux' || process.getuid?.() !== 0, 'opens a packet socket');
  await withDocker(info.outputPath('programs'), 'node\\n', async () => {
    expect(await capture(CLUSTER, ['certainly nowhere on a wire'], async () => undefined)).toEqual([0]);
  });
});
