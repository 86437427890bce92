import { expect, test } from '@playwright/test';

import { MeshproofError } from '../../clusters/errors.ts';
import { refusal } from '../../clusters/kubernetes/api-error.ts';
import { refusalOf } from '../../fixtures/check/refusal.ts';
import { matchers } from '../../fixtures/matchers/index.ts';

const said = (status: number, message: string) => refusal('applying EnvoyFilter a/b', status, JSON.stringify({ message }));

test('Returns the rejection of a proxy, of the API server or of an admission webhook', async () => {
  const words = [
    new MeshproofError('CONFIG_REJECTED', 'the proxy of a/b rejected LDS: Unknown field RATE_LIMIT_REMAINING'),
    said(422, 'spec.x is required'),
    said(400, 'strict decoding error: unknown field "spec.y"'),
    said(403, 'admission webhook "validation.istio.io" denied the request: RATE_LIMIT_REMAINING'),
  ];
  for (const word of words) expect(await refusalOf(Promise.reject(word))).toBe(word.message);
  expect(await refusalOf(Promise.resolve())).toBeUndefined();
});

test('Does not treat an unreachable validator as a rejection', async () => {
  const silence = [
    new MeshproofError('API_UNREACHABLE', 'applying EnvoyFilter a/b failed: RATE_LIMIT_REMAINING'),
    new MeshproofError('NOT_CONVERGED', 'not heard of in 90 s'),
    said(403, 'User "guest" cannot patch resource "envoyfilters"'),
    said(500, 'failed calling webhook "validation.istio.io": timeout'),
  ];
  for (const error of silence) await expect(refusalOf(Promise.reject(error))).rejects.toBe(error);
});

test('Does not treat another reason as the expected rejection', () => {
  expect(matchers.toFailValidation('rejected: RATE_LIMIT_REMAINING', /RATE_LIMIT/).pass).toBe(true);
  expect(matchers.toFailValidation('rejected: no such filter', /RATE_LIMIT/).pass).toBe(false);
  expect(matchers.toFailValidation(undefined, /RATE_LIMIT/)).toMatchObject({
    pass: false,
    observed: expect.stringContaining('accepted'),
  });
});
