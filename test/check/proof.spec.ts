import { expect, test } from '@playwright/test';
import fc from 'fast-check';

import type { Breaks } from '../../fixtures/check/breaks.ts';
import { assertComplete, type Details, type Place } from '../../fixtures/check/definition.ts';
import { Proof } from '../../fixtures/check/proof.ts';
import type { Call } from '../../fixtures/evidence/record.ts';

const call = (matcher: string, line: number, kind?: string): Call => ({
  matcher,
  line,
  pass: kind === undefined,
  message: kind ?? '',
  against: kind === undefined ? [] : [{ kind, count: 1 }],
});

test('judgements of one line and matcher are counted together, in the order of lines', () => {
  const proof = new Proof({ toBeEmpty: 'delivered', toSucceed: { reset: 1 } });
  for (const kind of ['delivered', 'delivered']) proof.note('control', call('toBeEmpty', 9, kind));
  proof.note('control', call('toSucceed', 7, 'reset'));
  for (let i = 0; i < 2; i++) proof.note('check', call('toBeEmpty', 9));
  for (const line of [11, 7, 7]) proof.note('check', call('toSucceed', line));
  expect(proof.lack).toBeUndefined();
  expect(proof.places).toEqual([
    { matcher: 'toSucceed', line: 7, judged: 2, red: 1 },
    { matcher: 'toBeEmpty', line: 9, judged: 2, red: 2 },
    { matcher: 'toSucceed', line: 11, judged: 1, red: 0 },
  ]);
});

test('nothing lacks exactly when each judgement that the check makes was red, and none of the control was green', () => {
  const calls = fc.array(fc.boolean(), { maxLength: 6 });
  const property = fc.property(calls, fc.nat(6), (reds, made) => {
    const proof = new Proof({ toBeEmpty: 'delivered' });
    for (const red of reds) proof.note('control', call('toBeEmpty', 1, red ? 'delivered' : undefined));
    for (let i = 0; i < made; i++) proof.note('check', call('toBeEmpty', 1));
    expect(proof.lack === undefined).toBe(reds.length > 0 && reds.every(Boolean) && reds.length >= made);
    expect(proof.places.every(({ judged, red }) => judged === made && red <= judged)).toBe(true);
  });
  fc.assert(property);
});

test('a control ends early only where all that is asked of it is a number', () => {
  const numbers = new Proof({ toBeEmpty: { delivered: 1 }, toSucceed: { reset: 1 } });
  expect(numbers.note('control', call('toBeEmpty', 1, 'delivered'))).toBe(true);
  expect(numbers.note('control', call('toSucceed', 2, 'reset'))).toBe(false);
  const mixed = new Proof({ toBeEmpty: { delivered: 1 }, toSucceed: 'reset' });
  expect(mixed.note('control', call('toBeEmpty', 1, 'delivered'))).toBe(true);
  expect(mixed.note('control', call('toSucceed', 2, 'reset'))).toBe(true);
});

test('what nobody names, and what is of another kind, ends the body', () => {
  const proof = new Proof({ toBeEmpty: 'delivered' });
  expect(proof.note('control', call('toSucceed', 1, 'answered 503 UH'))).toBe(false);
  expect(proof.note('control', call('toBeEmpty', 2, 'torn'))).toBe(false);
  expect(proof.otherwise).toBe('1× torn, not by delivered');
  expect(proof.note('check', call('toBeEmpty', 2, 'delivered'))).toBe(false);
  expect(proof.said).toEqual(['torn']);
});

test('a control that names no matcher, or one that there is not, is refused while the file loads', () => {
  const place: Place = { id: 'a/b', suite: 'a', stem: 'b', spec: '/a/b.spec.ts', manifest: undefined, control: 'x', change: undefined };
  const of = (breaks: unknown): Details => ({ control: { because: 'x', breaks: breaks as Breaks } });
  expect(() => assertComplete(place, 'istio', of({}))).toThrow(/names no matcher/);
  expect(() => assertComplete(place, 'istio', of({ toBeRefusd: 'answered 200' }))).toThrow(/names toBeRefusd/);
  for (const idle of [[], {}, { 'answered 200': 0 }]) {
    expect(() => assertComplete(place, 'istio', of({ toBeRefused: idle }))).toThrow(/asks nothing of toBeRefused/);
  }
  expect(() => assertComplete(place, 'istio', of({ toBeRefused: 'answered 200' }))).not.toThrow();
});

test('a misspelt matcher or ending is no control', () => {
  const right: Breaks = { toBeRefused: 'answered 200', toSplit: ['80 % to v1'], toReachOnly: { 'answered by v1': 2 } };
  // @ts-expect-error a matcher that there is not
  const matcher: Breaks = { toBeRefusd: 'answered 200' };
  // @ts-expect-error an ending that there is not
  const ending: Breaks = { toBeRefused: 'anwsered 200' };
  // @ts-expect-error another matcher's ending
  const foreign: Breaks = { toBeEmpty: 'answered 200' };
  // @ts-expect-error a misspelt one among several
  const several: Breaks = { toReachOnly: { 'answered by vl': 2 } };
  expect([right, matcher, ending, foreign, several]).toHaveLength(5);
});
