import assert from 'node:assert/strict';

import { expect, test } from '@playwright/test';
import fc from 'fast-check';

import type { MustFail } from '../../fixtures/check/must-fail.ts';
import { assertComplete, type Details } from '../../fixtures/check/definition.ts';
import { RequiredFailures } from '../../fixtures/check/required-failures.ts';
import type { CheckFiles } from '../../fixtures/contract/catalogue.ts';
import type { Call } from '../../fixtures/evidence/record.ts';

const call = (matcher: string, line: number, kind?: string): Call => ({
  finding: { matcher, expected: '', observed: kind ?? '', confidence: '' },
  line,
  pass: kind === undefined,
  against: kind === undefined ? [] : [{ kind, count: 1 }],
});

test('Counts assertions by line and matcher, in the order of lines', () => {
  const required = new RequiredFailures({ toBeEmpty: 'delivered', toSucceed: { reset: 1 } });
  for (const kind of ['delivered', 'delivered']) required.absorb('control', call('toBeEmpty', 9, kind));
  required.absorb('control', call('toSucceed', 7, 'reset'));
  for (let i = 0; i < 2; i++) required.absorb('check', call('toBeEmpty', 9));
  for (const line of [11, 7, 7]) required.absorb('check', call('toSucceed', line));
  expect(required.outstanding).toBeUndefined();
  expect(required.judgements).toEqual([
    { matcher: 'toSucceed', line: 7, judged: 2, red: 1 },
    { matcher: 'toBeEmpty', line: 9, judged: 2, red: 2 },
    { matcher: 'toSucceed', line: 11, judged: 1, red: 0 },
  ]);
});

test('Misses nothing if and only if every assertion of the check failed in the control', () => {
  const calls = fc.array(fc.boolean(), { maxLength: 6 });
  const property = fc.property(calls, fc.nat(6), (reds, made) => {
    const required = new RequiredFailures({ toBeEmpty: 'delivered' });
    for (const red of reds) required.absorb('control', call('toBeEmpty', 1, red ? 'delivered' : undefined));
    for (let i = 0; i < made; i++) required.absorb('check', call('toBeEmpty', 1));
    assert.equal(required.outstanding === undefined, reds.length > 0 && reds.every(Boolean) && reds.length >= made);
    assert.equal(
      required.judgements.every(({ judged, red }) => judged === made && red <= judged),
      true,
    );
  });
  fc.assert(property);
});

test('Ends a control early only if every requirement is a number', () => {
  const numbers = new RequiredFailures({ toBeEmpty: { delivered: 1 }, toSucceed: { reset: 1 } });
  expect(numbers.absorb('control', call('toBeEmpty', 1, 'delivered'))).toBe(true);
  expect(numbers.absorb('control', call('toSucceed', 2, 'reset'))).toBe(false);
  const mixed = new RequiredFailures({ toBeEmpty: { delivered: 1 }, toSucceed: 'reset' });
  expect(mixed.absorb('control', call('toBeEmpty', 1, 'delivered'))).toBe(true);
  expect(mixed.absorb('control', call('toSucceed', 2, 'reset'))).toBe(true);
});

test('Ends the body at a failure of an unnamed matcher or of another kind', () => {
  const required = new RequiredFailures({ toBeEmpty: 'delivered' });
  expect(required.absorb('control', call('toSucceed', 1, 'answered 503 UH'))).toBe(false);
  expect(required.absorb('control', call('toBeEmpty', 2, 'torn'))).toBe(false);
  expect(required.otherwise).toBe('1× torn, not by delivered');
  expect(required.absorb('check', call('toBeEmpty', 2, 'delivered'))).toBe(false);
  expect(required.findings).toMatchObject([{ matcher: 'toBeEmpty', observed: 'torn' }]);
});

test('Rejects a control that names no matcher, or an unknown one, while the file loads', () => {
  const place: CheckFiles = {
    id: 'a/b',
    suite: 'a',
    stem: 'b',
    spec: '/a/b.spec.ts',
    manifest: undefined,
    control: 'x',
    change: undefined,
  };
  const of = (mustFail: unknown): Details => ({ control: { because: 'x', mustFail: mustFail as MustFail } });
  expect(() => assertComplete(place, 'istio', of({}))).toThrow(/names no matcher/);
  expect(() => assertComplete(place, 'istio', of({ toBeRefusd: 'answered 200' }))).toThrow(/names toBeRefusd/);
  for (const idle of [[], {}, { 'answered 200': 0 }]) {
    expect(() => assertComplete(place, 'istio', of({ toBeDenied: idle }))).toThrow(/requires nothing of toBeDenied/);
  }
  expect(() => assertComplete(place, 'istio', of({ toBeDenied: 'answered 200' }))).not.toThrow();
});

test('Rejects a misspelt matcher or ending at compile time', () => {
  const right: MustFail = { toBeDenied: 'answered 200', toSplit: ['80 % to v1'], toReachOnly: { 'answered by v1': 2 } };
  // @ts-expect-error a matcher that does not exist
  const matcher: MustFail = { toBeRefusd: 'answered 200' };
  // @ts-expect-error an ending that does not exist
  const ending: MustFail = { toBeDenied: 'anwsered 200' };
  // @ts-expect-error another matcher's ending
  const foreign: MustFail = { toBeEmpty: 'answered 200' };
  // @ts-expect-error a misspelt one among several
  const several: MustFail = { toReachOnly: { 'answered by vl': 2 } };
  expect([right, matcher, ending, foreign, several]).toHaveLength(5);
});
