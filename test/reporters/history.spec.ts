import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { adoptHistory, forgetRun, historyOf, lendHistory, nameEnd, returnHistory } from '../../reporters/allure-history.ts';

const line = (run: string, timestamp: number): string => JSON.stringify({ uuid: run, name: `2 of 2 checks ${nameEnd(run)}`, timestamp });

async function runsIn(report: string): Promise<string[]> {
  const text = await readFile(historyOf(report), 'utf8');
  return text.split('\n').flatMap((row) => (row === '' ? [] : [(JSON.parse(row) as { uuid: string }).uuid]));
}

test('the runs of an earlier report come before this one, each once; a run is no predecessor of itself', async ({}, info) => {
  const [earlier, report] = [info.outputPath('earlier'), info.outputPath('report')];
  await Promise.all([earlier, report].map((folder) => mkdir(folder, { recursive: true })));
  await writeFile(historyOf(earlier), `${line('a', 1)}\n${line('b', 2)}\n`);
  await adoptHistory(report, earlier);
  expect(await runsIn(report)).toEqual(['a', 'b']);
  await writeFile(historyOf(report), `${line('b', 2)}\n${line('c', 4)}\n`);
  await writeFile(historyOf(earlier), `${line('a', 1)}\n${line('b', 2)}\n${line('d', 3)}\n`);
  await adoptHistory(report, join(earlier, 'conformance.json'));
  expect(await runsIn(report)).toEqual(['a', 'b', 'd', 'c']);
  await forgetRun(report, 'c');
  expect(await runsIn(report)).toEqual(['a', 'b', 'd']);
});

test('a report without a history changes nothing', async ({}, info) => {
  const report = info.outputPath('report');
  await mkdir(report, { recursive: true });
  await adoptHistory(report, info.outputPath('nowhere'));
  await forgetRun(report, 'x');
  await expect(readFile(historyOf(report), 'utf8')).rejects.toThrow('ENOENT');
});

test('half a line, as a killed run leaves it, hides no other run and is gone when the history is written again', async ({}, info) => {
  const report = info.outputPath('report');
  await mkdir(report, { recursive: true });
  await writeFile(historyOf(report), `${line('a', 1)}\n{"uuid":"b","na\nnull\n${line('c', 3)}\n${line('d', 4).slice(0, 20)}`);
  await adoptHistory(report, info.outputPath('nowhere'));
  await forgetRun(report, 'x');
  const lent = info.outputPath('lent.jsonl');
  await lendHistory(report, lent);
  await writeFile(lent, `${await readFile(lent, 'utf8')}${line('e', 5)}\n{"uu`);
  await returnHistory(report, lent);
  expect(await runsIn(report)).toEqual(['a', 'c', 'e']);
});
