import { expect, test } from '@playwright/test';

import { matchers } from '../../fixtures/matchers/index.ts';

const { toBeEncrypted } = matchers;

test('Requires that the capture saw the plaintext, and not the marker', () => {
  const options = { besides: 'open', requests: 50 };
  expect(toBeEncrypted({ secret: 0, open: 50 }, 'secret', options).pass).toBe(true);
  expect(toBeEncrypted({ secret: 1, open: 100 }, 'secret', options)).toMatchObject({
    pass: false,
    observed: expect.stringContaining('1 packet with it'),
  });
  expect(toBeEncrypted({ secret: 0, open: 49 }, 'secret', options).inconclusive).toContain('the capture missed plaintext');
  expect(toBeEncrypted({}, 'secret', options).inconclusive).toContain('the capture missed plaintext');
});
