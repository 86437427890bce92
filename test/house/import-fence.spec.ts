import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { importsOf, PROJECT, sources, targetOf } from './sources.ts';

/** What each folder may import: others of ours by the start of their paths, and packages it must not. */
const FENCE: Readonly<Record<string, { ours: readonly string[]; not: RegExp }>> = {
  suites: { ours: ['suites', 'fixtures'], not: /^(playwright|@playwright)/ },
  fixtures: { ours: ['fixtures', 'clusters'], not: /^(allure|commander)/ },
  clusters: { ours: ['clusters'], not: /^(playwright|@playwright|allure|commander)/ },
  reporters: { ours: ['reporters', 'fixtures/contract'], not: /^commander/ },
  scripts: { ours: ['scripts', 'clusters', 'fixtures/contract', 'fixtures/watch', 'reporters'], not: /^(@playwright|allure)/ },
  // Measures what checks use.
  'scripts/dev/bench.ts': { ours: ['scripts', 'clusters', 'fixtures'], not: /^(@playwright|allure)/ },
  test: { ours: ['test', 'scripts', 'reporters', 'clusters', 'fixtures'], not: /^$/ },
};

/** The forbidden imports of one file, as `file imports module`. */
function breaches(file: string, text: string): string[] {
  const fence = FENCE[file] ?? FENCE[file.split('/')[0] ?? ''];
  return importsOf(text).flatMap((name) => {
    const target = targetOf(file, name);
    const allowed = target === undefined ? !fence?.not.test(name) : fence?.ours.some((folder) => target.startsWith(`${folder}/`));
    return allowed ? [] : [`${file} imports ${name}`];
  });
}

test('Contains only imports in the permitted direction', () => {
  const files = sources().filter((file) => file.endsWith('.ts') && file.includes('/'));
  expect(files.flatMap((file) => breaches(file, readFileSync(join(PROJECT, file), 'utf8')))).toEqual([]);
});

/** Help and completion are quick because each command loads its action only when it runs. */
test('Loads lazily only in the commands of the command line', () => {
  const lazy = sources().filter((file) => file.startsWith('scripts/') && /\bimport\(/.test(readFileSync(join(PROJECT, file), 'utf8')));
  expect(lazy.filter((file) => !file.startsWith('scripts/commands/'))).toEqual(['scripts/meshproof.ts', 'scripts/start.js']);
});

test('Detects forbidden imports', () => {
  const forbidden: [string, string][] = [
    ['clusters/kind/kind.ts', "import { test } from '@playwright/test';"],
    ['clusters/kind/kind.ts', "import type { History } from '../../fixtures/agent/protocol.ts';"],
    ['reporters/junit.ts', "const { until } = await import('../clusters/until.ts');"],
    ['fixtures/expect.ts', "export * from '../scripts/commands/test.ts';"],
    ['scripts/meshproof.ts', "import '../suites/routing/canary-header.spec.ts';"],
    ['suites/routing/canary-header.spec.ts', 'import { up } from "../../clusters/lifecycle.ts";'],
  ];
  for (const [file, text] of forbidden) expect(breaches(file, text), `${file}: ${text}`).toHaveLength(1);
});
