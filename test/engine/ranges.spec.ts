import assert from 'node:assert/strict';

import { expect, test } from '@playwright/test';
import fc from 'fast-check';

import { ADDRESSES, BRIDGES } from '../../clusters/engine/addresses.ts';
import { ALL_RANGES, MOST_NODES, nodeRange, rangesOf, SLOTS } from '../../clusters/kind/ranges.ts';
import { releaseRanges, reservations, reserveRanges } from '../../clusters/kind/reservations.ts';
import { scratchCache } from './scratch.ts';

/** The first and last address of a range, as numbers. */
function bounds(range: string): [number, number] {
  const [address = '', bits] = range.split('/');
  const first = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return [first, first + 2 ** (32 - Number(bits)) - 1];
}

function within(inner: string, outer: string): boolean {
  const [[innerFirst, innerLast], [first, last]] = [bounds(inner), bounds(outer)];
  return innerFirst >= first && innerLast <= last;
}

function overlap(one: string, other: string): boolean {
  const [[oneFirst, oneLast], [otherFirst, otherLast]] = [bounds(one), bounds(other)];
  return oneFirst <= otherLast && otherFirst <= oneLast;
}

const slot = fc.integer({ min: 0, max: SLOTS - 1 });
const node = fc.integer({ min: 0, max: MOST_NODES - 1 });

test('Never assigns overlapping ranges, and aligns each to its own size', () => {
  fc.assert(
    fc.property(slot, slot, (a, b) => {
      const [one, other] = [Object.values(rangesOf(a)), Object.values(rangesOf(b))];
      assert.ok(!overlap(one[0], one[1]));
      for (const range of one) {
        assert.ok(within(range, ALL_RANGES));
        assert.equal(bounds(range)[0] % 2 ** 11, 0);
        if (a !== b) assert.ok(!other.some((their) => overlap(range, their)));
      }
    }),
  );
});

test('Gives each node its own range inside the pod range of its cluster', () => {
  fc.assert(
    fc.property(slot, node, node, (at, a, b) => {
      const { podSubnet } = rangesOf(at);
      assert.ok(within(nodeRange(podSubnet, a), podSubnet));
      if (a !== b) assert.ok(!overlap(nodeRange(podSubnet, a), nodeRange(podSubnet, b)));
    }),
  );
});

test('Rejects a slot or node beyond the last', () => {
  expect(() => rangesOf(SLOTS)).toThrow(RangeError);
  expect(() => nodeRange(rangesOf(0).podSubnet, MOST_NODES)).toThrow(RangeError);
  expect(() => nodeRange('10.244.0.0/16', 0)).toThrow(RangeError);
});

test('Uses disjoint networks for nodes, engine and clusters', () => {
  const networks = [ADDRESSES.nodes, ADDRESSES.engineNetworks, '198.18.0.0/24', ALL_RANGES];
  for (const [at, one] of networks.entries()) {
    expect(within(one, ADDRESSES.all)).toBe(true);
    for (const other of networks.slice(at + 1)) expect(overlap(one, other)).toBe(false);
    expect(within(`${ADDRESSES.nobody}/32`, one)).toBe(false);
  }
  for (const bridge of Object.values(BRIDGES)) expect(bridge.length).toBeLessThanOrEqual(15);
});

test('Assigns different ranges to concurrent clusters until none are left', async () => {
  await using _ = await scratchCache();
  const names = Array.from({ length: SLOTS }, (_, number) => `meshproof-${number}`);
  const all = await Promise.all(names.map((name) => reserveRanges(name)));
  expect(new Set(all.map(({ podSubnet }) => podSubnet)).size).toBe(SLOTS);
  await expect(reserveRanges('meshproof-late')).rejects.toMatchObject({ code: 'RANGES_TAKEN' });
  await releaseRanges('meshproof-7');
  expect(await reserveRanges('meshproof-late')).toEqual(all[7]);
});

test('Returns the same ranges when a cluster asks again', async () => {
  await using _ = await scratchCache();
  const first = await reserveRanges('meshproof-a');
  await reserveRanges('meshproof-b');
  expect(await reserveRanges('meshproof-a')).toEqual(first);
  expect(await reservations()).toHaveLength(2);
});
