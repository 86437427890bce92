import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { adoptHistory, forgetRun, historyOf, copyHistory, nameEnd, replaceHistory } from '../../reporters/allure-history.ts';

const line = (run: string, timestamp: number): string => JSON.stringify({ uuid: run, name: `2 of 2 checks ${nameEnd(run)}`, timestamp });

async function runsIn(report: string): Promise<string[]> {
  const text = await readFile(historyOf(report), 'utf8');
  return text.split('\n').flatMap((row) => (row === '' ? [] : [(JSON.parse(row) as { uuid: string }).uuid]));
}

test('Puts the runs of an earlier report before this one without duplicates, and never a run before itself', async ({}, info) => {
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

test('Changes nothing for a report without a history', async ({}, info) => {
  const report = info.outputPath('report');
  await mkdir(report, { recursive: true });
  await adoptHistory(report, info.outputPath('nowhere'));
  await forgetRun(report, 'x');
  await expect(readFile(historyOf(report), 'utf8')).rejects.toThrow('ENOENT');
});

test('Ignores an incomplete line of a killed run, and drops it when the history is written again', async ({}, info) => {
  const report = info.outputPath('report');
  await mkdir(report, { recursive: true });
  await writeFile(historyOf(report), `${line('a', 1)}\n{"uuid":"b","na\nnull\n${line('c', 3)}\n${line('d', 4).slice(0, 20)}`);
  await adoptHistory(report, info.outputPath('nowhere'));
  await forgetRun(report, 'x');
  const copy = info.outputPath('copy.jsonl');
  await copyHistory(report, copy);
  await writeFile(copy, `${await readFile(copy, 'utf8')}${line('e', 5)}\n{"uu`);
  await replaceHistory(report, copy);
  expect(await runsIn(report)).toEqual(['a', 'c', 'e']);
});
