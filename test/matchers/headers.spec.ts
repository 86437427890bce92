import { expect, test } from '@playwright/test';

import { matchers } from '../../fixtures/matchers/index.ts';
import { delivery } from './histories.ts';

const { toHaveHeader, toHaveNoHeaderContaining } = matchers;
const having = (headers: Record<string, string>) => delivery('r', { headers });

test('Requires a header with the given value in every delivery', () => {
  expect(toHaveHeader([having({ a: '1', b: '2' })], 'a', '1').pass).toBe(true);
  expect(toHaveHeader([having({ a: '1' }), having({ a: '12' })], 'a', '1')).toMatchObject({
    pass: false,
    observed: expect.stringContaining('1× a: 12'),
  });
  expect(toHaveHeader([having({ a: '1' }), having({ b: '1' })], 'a', '1')).toMatchObject({
    pass: false,
    observed: expect.stringContaining('1× no a'),
  });
  expect(toHaveHeader([], 'a', '1').inconclusive).toContain('nothing was delivered');
});

test('Finds a text in any header, even as a part of it', () => {
  expect(toHaveNoHeaderContaining([having({ a: 'spiffe://x' })], 'spiffe://y').pass).toBe(true);
  expect(toHaveNoHeaderContaining([having({}), having({ a: 'by=z;uri=spiffe://y', b: 'spiffe://y' })], 'spiffe://y')).toMatchObject({
    pass: false,
    observed: expect.stringContaining('1× in a and b'),
  });
  expect(toHaveNoHeaderContaining([], 'x').inconclusive).toContain('nothing was delivered');
});
