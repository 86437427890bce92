import { expect, test } from '@playwright/test';

import { FACTS } from '../../clusters/istio/facts.ts';
import type { MeshAdapter } from '../../clusters/mesh/adapter.ts';
import type { AccessLogLine, RequestCount } from '../../clusters/mesh/observations.ts';
import { WorkloadProxy, watchRequestCounts } from '../../fixtures/actors/workload-proxy.ts';
import { answered, historyOf } from '../matchers/histories.ts';

const proxy = (mesh: Partial<MeshAdapter>, name = 'caller') =>
  new WorkloadProxy({ facts: FACTS, ...mesh } as MeshAdapter, { namespace: 'rig', name });

const counted = (status: number, count: number): RequestCount => ({
  side: 'server',
  from: { workload: 'caller' },
  to: { workload: 'server' },
  status,
  count,
});

test('Adds up the increases of all proxies, and merges equal series', async () => {
  let counts = [counted(200, 3)];
  const mesh = { requestCounts: () => Promise.resolve(counts) };
  const risen = await watchRequestCounts(proxy(mesh, 'server-1'), proxy(mesh, 'server-2'));
  counts = [counted(200, 3), counted(500, 1), counted(500, 2)];
  expect(await risen()).toEqual([counted(500, 6)]);
});

test('Makes no statement about the mesh from a log without request IDs', async () => {
  const lines: AccessLogLine[] = [{ text: 'GET /', userAgent: '' }];
  const log = proxy({ accessLog: async () => async () => lines });
  await expect(log.accessLog(historyOf([answered()]))).rejects.toMatchObject({ code: 'LOG_WITHOUT_IDS' });
});

test('Does not read labels that cannot be configured', async () => {
  await expect(proxy({}).labelledCounts()).rejects.toMatchObject({ code: 'FEATURE_UNSUPPORTED' });
});

test('Waits for the next certificate, and returns the current one if none comes', async () => {
  let asked = 0;
  const shows = (...chains: string[]) =>
    proxy({ certificate: () => Promise.resolve({ chain: [chains[asked++] ?? chains.at(-1) ?? ''], authorities: [] }) });
  const first = { chain: ['first'], authorities: [] };
  expect((await shows('first', 'first', 'next').nextCertificate(first, { withinMs: 5_000 })).chain).toEqual(['next']);
  expect((await shows('first').nextCertificate(first, { withinMs: 300 })).chain).toEqual(['first']);
  asked = 0;
  const silent = proxy({ certificate: () => (asked++ === 0 ? Promise.resolve(first) : Promise.reject(new Error('no answer'))) });
  await expect(silent.nextCertificate(first, { withinMs: 300 })).rejects.toThrow('no answer');
});
