import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { PROJECT } from './sources.ts';

const read = (file: string) => readFileSync(join(PROJECT, file), 'utf8');
const manifest: { scripts: Record<string, string>; bin: Record<string, string> } = JSON.parse(read('package.json'));

test('Contains no path of the machine that a file was written on', () => {
  const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: PROJECT, encoding: 'utf8' });
  const places = [`${PROJECT}/`, ...(homedir() === '/' ? [] : [`${homedir()}/`])];
  const named = tracked.split('\n').flatMap((file) => {
    if (file === '') return [];
    let text = '';
    try {
      text = read(file);
    } catch {
      // Listed by git, but deleted since.
    }
    return places.filter((place) => text.includes(place)).map((place) => `${file} names ${place}`);
  });
  expect(named).toEqual([]);
});

test('Documents only commands that exist', () => {
  const commands = ['README.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md', 'fixtures/README.md', 'scripts/CI.md', '.ci/run'].flatMap((file) =>
    [...read(file).matchAll(/\b(npm (?:run )?[a-z:-]+|npx meshproof [a-z]+)/g)].map(([, typed]) => ({ file, typed: typed ?? '' })),
  );
  const meshproof = execFileSync(process.execPath, [join(PROJECT, manifest.bin['meshproof'] ?? ''), '--help'], { encoding: 'utf8' });
  const unknown = commands.filter(({ typed }) => {
    const [program, ...words] = typed.split(' ');
    const word = words.at(-1) ?? '';
    if (program === 'npx') return !new RegExp(`^  ${word} `, 'm').test(meshproof);
    return word !== 'ci' && manifest.scripts[word] === undefined;
  });
  expect(commands.length).toBeGreaterThan(5);
  expect(unknown).toEqual([]);
});
