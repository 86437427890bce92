import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import type { History } from '../../fixtures/agent/protocol.ts';
import { CheckReport } from '../../fixtures/check/check-report.ts';
import { specAt, filesOf } from '../../fixtures/contract/catalogue.ts';
import { encode, type RunSettings } from '../../fixtures/contract/settings.ts';
import { Record } from '../../fixtures/evidence/record.ts';
import { scratchFolder } from '../engine/scratch.ts';
import { StandInRig } from './stand-in-rig.ts';

/** The evidence that is kept of a check that passed, and the first file of it. */
async function kept(settings: Partial<RunSettings>): Promise<{ names: string[]; text: string }> {
  await using scratch = await scratchFolder();
  const report = scratch.path;
  const told = encode({ ...settings, report });
  const before = Object.fromEntries(Object.keys(told).map((name) => [name, process.env[name]]));
  Object.assign(process.env, told);
  try {
    const spec = specAt('/suites/security/strict.spec.ts');
    if (spec === undefined) throw new Error('that is no spec');
    const record = new Record();
    record.history('caller to server', { outcomes: [{ id: '1' }] } as unknown as History);
    const subject = { place: filesOf(spec, 'istio'), rig: new StandInRig().rig, info: test.info() };
    const evidence = await new CheckReport(subject).preserve(record, [], true);
    const [first] = evidence;
    return { names: evidence.map(({ name }) => name), text: first === undefined ? '' : await readFile(join(report, first.file), 'utf8') };
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

test('Keeps the histories of a check that passed only if the run keeps all evidence', async () => {
  expect(await kept({})).toEqual({ names: [], text: '' });
  expect(await kept({ keepEvidence: true })).toEqual({ names: ['history caller to server'], text: '{"id":"1"}\n' });
});
