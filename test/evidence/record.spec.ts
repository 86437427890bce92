import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { currentRecord, Record, recording } from '../../fixtures/evidence/record.ts';
import type { Statistic } from '../../fixtures/contract/result.ts';
import { answered, delivery, historyOf } from '../matchers/histories.ts';

test('Writes one file for the histories of a phase, the latest reading of a ledger, and separate files for the control', async () => {
  const report = await mkdtemp(join(tmpdir(), 'meshproof-record-'));
  process.env['MESHPROOF_REPORT'] = report;
  try {
    const record = new Record();
    record.phase = 'control';
    record.history('caller to server', historyOf([{ ending: answered('v1') }]));
    record.phase = 'check';
    for (let sending = 0; sending < 3; sending++) record.history('caller to server', historyOf([{ ending: answered('v1') }]));
    for (const ids of [['a'], ['a', 'b']])
      record.ledger(
        'server-v1',
        ids.map((id) => delivery(id, {})),
      );

    const written = await record.write('suite/stem');
    expect(written.map(({ phase, name, lines }) => `${phase} ${name} ${lines}`)).toEqual([
      'control history caller to server 1',
      'check history caller to server 3',
      'check ledger server-v1 2',
    ]);
    for (const { file, lines } of written) expect((await readFile(join(report, file), 'utf8')).trim().split('\n')).toHaveLength(lines);
  } finally {
    delete process.env['MESHPROOF_REPORT'];
    await rm(report, { recursive: true });
  }
});

test('Records statistics of the true run only, and nothing between checks', async () => {
  const record = new Record();
  const statistic: Statistic = {
    name: 'share',
    n: 1,
    observed: 1,
    expected: 1,
    tolerance: 0,
    interval: [0, 1],
    alpha: 1e-6,
    power: 0.999,
    method: 'exact',
  };
  record.phase = 'control';
  record.measured([statistic]);
  record.phase = 'check';
  record.measured([statistic]);
  expect(record.statistics).toHaveLength(1);
  expect(await recording(record, async () => currentRecord())).toBe(record);
  expect(currentRecord()).toBeUndefined();
});
