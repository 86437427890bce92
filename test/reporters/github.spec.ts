import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';

import { addToSummary, annotations } from '../../reporters/github.ts';
import { anyText } from './any-text.ts';
import { sampleCheck } from './samples.ts';

const ENVIRONMENT = { GITHUB_WORKSPACE: '/repo' };
const PLACE = { file: '/repo/suites/routing/a.spec.ts', line: 5 };

test('Annotates a failed check at its location, and each warning', () => {
  const check = sampleCheck({
    verdict: 'FAIL',
    title: '100 % of it',
    reason: 'seen\nelse',
    warnings: [{ phase: 'check', object: 'Gateway g', said: 'old' }],
  });
  expect(annotations(check, PLACE, ENVIRONMENT)).toEqual([
    '::error file=suites/routing/a.spec.ts,line=5,title=FAIL security/strict-workload (istio)::promise: 100 %25 of it%0Aobserved: seen else%0Arerun: npm test -- --check=security/strict-workload --mesh=istio',
    '::warning file=suites/routing/a.spec.ts,line=5,title=security/strict-workload (istio)::Gateway g: old',
  ]);
  expect(annotations(sampleCheck(), PLACE, ENVIRONMENT)).toEqual([]);
});

test('Escapes any text so that it neither ends nor starts a command', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const [line = '', ...more] = annotations(
        sampleCheck({ id: text, verdict: 'INVALID', title: text, reason: text }),
        PLACE,
        ENVIRONMENT,
      );
      const properties = /^::error (.*?)::/.exec(line)?.[1] ?? '';
      return more.length === 0 && !/[\r\n]/.test(line) && properties.split(',').length === 3;
    }),
  );
});

test('Appends a summary, and marks one that is too long as truncated', () => {
  const folder = mkdtempSync(join(tmpdir(), 'meshproof-github-'));
  const file = join(folder, 'summary.md');
  writeFileSync(file, 'before\n');
  addToSummary('# ours', { GITHUB_STEP_SUMMARY: file });
  expect(readFileSync(file, 'utf8')).toBe('before\n# ours\n');
  addToSummary('ä'.repeat(2 ** 20), { GITHUB_STEP_SUMMARY: file });
  const text = readFileSync(file);
  expect(text.length).toBeLessThanOrEqual(2 ** 20);
  expect(text.toString().endsWith('conformance.md has the rest.\n')).toBe(true);
  addToSummary('more', {});
  rmSync(folder, { recursive: true });
});
