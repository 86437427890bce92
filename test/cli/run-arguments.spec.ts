import { expect, test } from '@playwright/test';

import { specAt } from '../../fixtures/contract/catalogue.ts';
import { chooseChecks, runnerFilters, type Choice } from '../../scripts/run/checks.ts';
import { runnerArguments } from '../../scripts/run/runner-options.ts';

const ALL = ['routing/canary', 'routing/canary-header', 'security/strict'].flatMap((id) => specAt(`/p (1)/suites/${id}.spec.ts`) ?? []);
const NONE = { suites: [], ids: [], filters: [] };

test('Selects the checks that match every kind of choice', () => {
  expect(chooseChecks(ALL, NONE)).toHaveLength(3);
  expect(chooseChecks(ALL, { ...NONE, suites: ['routing'], filters: ['header'] }).map(({ id }) => id)).toEqual(['routing/canary-header']);
});

test('Runs a suite that breaks what a mesh depends on only on request', () => {
  const all = [...ALL, ...['chaos/dns-down'].flatMap((id) => specAt(`/p/suites/${id}.spec.ts`) ?? [])];
  const suitesOf = (choice: Partial<Choice>): string[] => chooseChecks(all, { ...NONE, ...choice }).map(({ suite }) => suite);
  expect(suitesOf({})).not.toContain('chaos');
  expect(runnerFilters(chooseChecks(all, NONE), NONE)).toHaveLength(3);
  expect(suitesOf({ suites: ['all'] })).toHaveLength(4);
  expect(suitesOf({ suites: ['chaos'] })).toEqual(['chaos']);
  expect(suitesOf({ filters: ['dns'] })).toEqual(['chaos']);
  expect(suitesOf({ failed: ['chaos/dns-down'] })).toEqual(['chaos']);
  expect(suitesOf({ narrowed: true })).toContain('chaos');
});

test('Gives the runner patterns that match exactly the selected files', () => {
  const choice = { ...NONE, ids: ['routing/canary'] };
  const patterns = runnerFilters(chooseChecks(ALL, choice), choice).map((pattern) => new RegExp(pattern));
  expect(ALL.filter(({ spec }) => patterns.some((pattern) => pattern.test(spec))).map(({ id }) => id)).toEqual(['routing/canary']);
});

test('Passes filters without another choice to the runner unchanged, with their line', () => {
  const choice = { ...NONE, filters: ['canary-header.spec.ts:12'] };
  expect(chooseChecks(ALL, choice)).toHaveLength(1);
  expect(runnerFilters(chooseChecks(ALL, choice), choice)).toEqual(['canary-header.spec.ts:12']);
});

test("Passes on the runner's options, but not meshproof's, nor those that it evaluates itself", () => {
  const given = {
    mesh: 'istio',
    workers: 2,
    grep: 'a b',
    lastFailed: true,
    x: true,
    shuffle: true,
    onlyChanged: 'main',
    reporter: 'github',
    list: undefined,
  };
  expect(runnerArguments(given)).toEqual(['--grep=a b', '--only-changed=main', '--shuffle', '-x', '--add-reporter=github']);
});
