import assert from 'node:assert/strict';

import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';

import { isObject, mergePatch } from '../../clusters/kubernetes/merge-patch.ts';

const json = fc.jsonValue({ maxDepth: 4 });
const object = fc.dictionary(fc.string(), json, { noNullPrototype: true });

/** The patch that turns one object into another; arrays, and nulls within arrays, are ordinary values. */
function difference(from: Record<string, unknown>, to: Record<string, unknown>): Record<string, unknown> {
  const removed = Object.keys(from).flatMap((name) => (Object.hasOwn(to, name) ? [] : [[name, null] as const]));
  const changed = Object.entries(to).map(([name, value]) => {
    const before = Object.hasOwn(from, name) ? from[name] : undefined;
    return [name, isObject(before) && isObject(value) ? difference(before, value) : value] as const;
  });
  return Object.fromEntries([...removed, ...changed]);
}

function withoutNulls(value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([name, inner]) => (inner === null ? [] : [[name, withoutNulls(inner)]])));
}

test('Follows the examples of RFC 7386, appendix A', () => {
  const examples: [unknown, unknown, unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, result] of examples) expect(mergePatch(target, patch)).toEqual(result);
});

test('Leaves an object unchanged by an empty patch', () => {
  fc.assert(fc.property(object, (target) => assert.deepEqual(mergePatch(target, {}), target)));
});

test('Has the same result when a patch is applied twice', () => {
  fc.assert(
    fc.property(json, json, (target, patch) => {
      const once = mergePatch(target, patch);
      assert.deepEqual(mergePatch(once, patch), once);
    }),
  );
});

test('Turns one object into another by their difference', () => {
  fc.assert(
    fc.property(object, object, (from, raw) => {
      const to = withoutNulls(raw);
      if (isObject(to)) assert.deepEqual(mergePatch(from, difference(from, to)), to);
    }),
  );
});

test('Keeps what a patch does not name, and removes what it sets to null', () => {
  fc.assert(
    fc.property(object, object, (target, patch) => {
      const merged = mergePatch(target, patch);
      if (!isObject(merged)) throw new Error('merging objects must result in an object');
      for (const name of Object.keys(target)) if (!Object.hasOwn(patch, name)) assert.equal(merged[name], target[name]);
      for (const [name, value] of Object.entries(patch)) assert.equal(Object.hasOwn(merged, name), value !== null);
    }),
  );
});

test('Changes neither argument', () => {
  fc.assert(
    fc.property(json, json, (target, patch) => {
      const before = structuredClone([target, patch]);
      mergePatch(target, patch);
      assert.deepEqual([target, patch], before);
    }),
  );
});
