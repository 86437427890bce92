import { writeFile } from 'node:fs/promises';

import { expect, test } from '@playwright/test';

import { Istiod } from '../../clusters/istio/istiod.ts';
import { IstioTool, parsePreflight } from '../../clusters/istio/tool.ts';
import type { ClusterAccess } from '../../clusters/mesh/access.ts';

/** A proxy as on istiod's page syncz. */
const synced = (proxy: string, version: string, resources: Record<string, { sent?: string; acked?: string; lastError?: string }>) => ({
  proxy,
  istio_version: version,
  resources: Object.fromEntries(Object.entries(resources).map(([type, status]) => [`type.googleapis.com/envoy.config.${type}`, status])),
});

test('Reads the versions of the chosen control plane and of the proxies in some namespaces, with what they have not acknowledged', async ({}, info) => {
  const cluster = { sent: 'b', acked: 'b' };
  const syncz = [
    synced('caller-5d.shop', '1.31', { 'cluster.v3.Cluster': cluster, 'listener.v3.Listener': { sent: 'b', acked: 'a' } }),
    synced('server-1.shop', '1.31', {
      'listener.v3.Listener': { sent: 'b', acked: 'b', lastError: 'bad' },
      'route.v3.RouteConfiguration': {},
    }),
    synced('late-77.shop', '1.20.1', { 'cluster.v3.Cluster': cluster }),
    synced('caller-1.workshop', '1.20.1', { 'cluster.v3.Cluster': cluster }),
  ];
  const texts: Record<string, string> = {
    '/version': '1.31-eed52ebb66ad-eed52ebb66ad-Clean',
    '/debug/syncz?namespace=shop': JSON.stringify(syncz),
  };
  const selectors: unknown[] = [];
  const access = {
    pods: async (_: string, selector: string) => {
      selectors.push(selector);
      return [
        { metadata: { namespace: 'mesh-system', name: 'istiod-1', uid: '1' }, spec: { containers: [] }, status: { phase: 'Running' } },
      ];
    },
    fetchText: async (_pod: unknown, _port: number, path: string) => texts[path],
  } as unknown as ClusterAccess;
  const istioctl = info.outputPath('istioctl');
  const said = JSON.stringify({ clientVersion: { version: '1.31.0' } });
  // Running it against the cluster would need permissions that a run does not have.
  await writeFile(istioctl, `#!/bin/sh\n[ "$*" = "version --remote=false -o json" ] && echo '${said}'\n`, { mode: 0o755 });
  const istiod = async () => new Istiod(access, { namespace: 'mesh-system', revision: 'stable-1' });
  const tool = new IstioTool(async () => ({ istioctl, kubeconfig: 'k', context: 'c' }), istiod);
  expect(await tool.versions(['shop'])).toEqual({
    client: '1.31.0',
    controlPlane: ['1.31-eed52ebb66ad'],
    proxies: [
      { pod: 'shop/caller-5d', version: '1.31', stale: ['Listener stale'] },
      { pod: 'shop/server-1', version: '1.31', stale: ['Listener rejected', 'RouteConfiguration not sent'] },
      { pod: 'shop/late-77', version: '1.20.1', stale: [] },
    ],
  });
  expect(new Set(selectors)).toEqual(new Set(['app=istiod,istio.io/rev=stable-1']));
});

test('Reports no problem from a preflight that passes, and each problem from one that fails', () => {
  expect(parsePreflight({ exitCode: 0, stdout: '', stderr: 'No issues found' })).toEqual([]);
  const stdout = JSON.stringify([{ code: 'IST0141', level: 'Error', message: 'Missing required permission' }]);
  expect(parsePreflight({ exitCode: 1, stdout, stderr: 'Error: Issues found' })).toEqual(['IST0141 Missing required permission']);
});

test('Treats a preflight that fails without a problem as a failure of the tool', () => {
  expect(() => parsePreflight({ exitCode: 1, stdout: '', stderr: 'connection refused' })).toThrow(/connection refused/);
  expect(() => parsePreflight({ exitCode: 1, stdout: '[]', stderr: 'odd' })).toThrow(/reported nothing/);
});

test('Returns an exit code as a result, but fails without the program', async ({}, info) => {
  const istioctl = info.outputPath('istioctl');
  await writeFile(istioctl, '#!/bin/sh\ncat\necho "unknown command $1" >&2\nexit 64\n', { mode: 0o755 });
  const nothing = () => Promise.reject(new Error('istiod is not asked'));
  const tool = (path: string) => new IstioTool(async () => ({ istioctl: path, kubeconfig: 'k', context: 'c' }), nothing);
  expect(await tool(istioctl).run(['verify-install'], 'given')).toEqual({ exitCode: 64, said: 'unknown command verify-install\ngiven' });
  await expect(tool(info.outputPath('nothing')).run([])).rejects.toMatchObject({ code: 'PROGRAM_MISSING' });
});
