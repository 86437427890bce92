import { expect, test } from '@playwright/test';

import { MeshproofError } from '../../clusters/errors.ts';
import { Warnings } from '../../fixtures/check/warnings.ts';

const ROUTE = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata: { name: 'split' } };

test('Reports a route whose reference cannot be resolved once', async () => {
  const status = {
    parents: [
      {
        conditions: [
          { type: 'Accepted', status: 'True' },
          { type: 'ResolvedRefs', status: 'False', message: 'backend v9 not found' },
        ],
      },
    ],
  };
  const asked: string[] = [];
  const api = {
    get: async ({ kind, namespace }: { kind: string; namespace?: string | undefined }) => {
      asked.push(`${kind} ${namespace}`);
      return { ...ROUTE, status } as never;
    },
  };
  const warnings = new Warnings();
  const plain = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
  for (let twice = 0; twice < 2; twice++) await warnings.addStatus('check', api, [ROUTE, plain], 'rig');
  expect(warnings.all).toEqual([{ phase: 'check', object: 'HTTPRoute split', said: 'not ResolvedRefs: backend v9 not found' }]);
  expect(asked, 'only the Gateway API has a status to read').toEqual(['HTTPRoute rig', 'HTTPRoute rig']);
});

test('Reports a proxy that rejects its configuration, but no other error', () => {
  const warnings = new Warnings();
  warnings.addRejection('control', new Error('no such host'));
  warnings.addRejection('control', new MeshproofError('NOT_CONVERGED', 'late'));
  warnings.addRejection('control', new MeshproofError('CONFIG_REJECTED', 'the proxy of rig/a rejected LDS: bad filter'));
  expect(warnings.all).toEqual([{ phase: 'control', object: 'proxy', said: 'the proxy of rig/a rejected LDS: bad filter' }]);
});
