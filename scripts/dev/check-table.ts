import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { execa } from 'execa';
import { markdownTable } from 'markdown-table';

import { specAt } from '../../fixtures/contract/catalogue.ts';

const PROJECT = resolve(import.meta.dirname, '../..');
const README = resolve(PROJECT, 'README.md');
const BEGIN = '<!-- checks: npm run docs writes this table -->';
const END = '<!-- checks end -->';

interface Listed {
  title: string;
  specs?: { title: string; file: string }[];
  suites?: Listed[];
}

/** README.md with a table of the current checks. */
export async function readmeWithChecks(): Promise<string> {
  const text = await readFile(README, 'utf8');
  const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`README.md needs the lines ${BEGIN} and ${END}`);
  return `${text.slice(0, before)}${BEGIN}\n\n${await checkTable()}\n\n${text.slice(after)}`;
}

/** Suites in the order of their folders; a check is listed with its stem and title. */
async function checkTable(): Promise<string> {
  const cli = resolve(PROJECT, 'node_modules/@playwright/test/cli.js');
  const { stdout } = await execa(process.execPath, [cli, 'test', '--list', '--reporter=json'], { cwd: PROJECT, stdin: 'ignore' });
  const { suites } = JSON.parse(stdout) as { suites: Listed[] };
  const rows = suites.flatMap(specsOf).map(({ title, file }) => {
    const { suite = '', stem = '' } = specAt(file) ?? {};
    return [suite, `[${stem}](suites/${file})`, title.replaceAll('|', '\\|').replaceAll('*', '\\*')];
  });
  const named = rows.map(([suite, ...rest], index) => [suite === rows[index - 1]?.[0] ? '' : suite, ...rest]);
  return markdownTable([['suite', 'check', 'what a mesh must do'], ...named]);
}

function specsOf({ specs = [], suites = [] }: Listed): { title: string; file: string }[] {
  return [...specs, ...suites.flatMap(specsOf)];
}

if (import.meta.main) await writeFile(README, await readmeWithChecks());
