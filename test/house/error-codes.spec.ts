import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { PROJECT, sources } from './sources.ts';

/** Codes in calls that create errors, each with its exit code: 3 by default. */
function codesIn(text: string): [code: string, exit: string][] {
  const calls = text.matchAll(/\b(MeshproofError|super|refusal|refuse)\(\s*(?:'([A-Z][A-Z0-9_]+)'|(LEFT_BEHIND)),/g);
  return [...calls].map(({ index, 1: made = '', 2: literal, 3: constant = '' }) => {
    const call = upToItsEnd(text.slice(index + made.length));
    const exit = made.startsWith('refus') || call.includes('EXIT.usage') ? '2' : call.includes('EXIT.interrupted') ? '130' : '3';
    return [literal ?? constant, exit];
  });
}

function upToItsEnd(text: string): string {
  let depth = 0;
  for (const { 0: bracket, index } of text.matchAll(/[()]/g)) {
    depth += bracket === '(' ? 1 : -1;
    if (depth === 0) return text.slice(0, index);
  }
  return text;
}

test('Lists every error code with its exit codes in the table, and no other', () => {
  const made = new Map<string, Set<string>>();
  for (const path of sources().filter((path) => /^(clusters|fixtures|reporters|scripts)\/.*\.ts$/.test(path))) {
    for (const [code, exit] of codesIn(readFileSync(join(PROJECT, path), 'utf8'))) made.set(code, (made.get(code) ?? new Set()).add(exit));
  }
  const table = readFileSync(join(PROJECT, 'scripts/ERRORS.md'), 'utf8');
  const rows = [...table.matchAll(/^\| `([A-Z0-9_]+)` +\| ([\d or]+?) +\|/gm)].map(([, code, exits]) => `${code} ${exits}`);
  const inOrder = (exits: Set<string>) => [...exits].toSorted((a, b) => Number(a) - Number(b)).join(' or ');
  expect(rows).toEqual([...made].map(([code, exits]) => `${code} ${inOrder(exits)}`).toSorted());
});
