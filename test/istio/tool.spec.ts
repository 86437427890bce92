import { writeFile } from 'node:fs/promises';

import { expect, test } from '@playwright/test';

import { IstioTool, parsePreflight, parseVersions } from '../../clusters/istio/tool.ts';

const VERSIONS = JSON.stringify({
  clientVersion: { version: '1.31.0' },
  meshVersion: [{ Component: 'pilot', Revision: 'default', Info: { version: '1.31.0' } }],
  dataPlaneVersion: [
    { ID: 'caller-5d.shop', IstioVersion: '1.31.0', Type: 'sidecar' },
    { ID: 'late-77.shop', IstioVersion: '1.20.1', Type: 'sidecar' },
    { ID: 'caller-1.workshop', IstioVersion: '1.20.1', Type: 'sidecar' },
  ],
});
const config = (typeUrl: string, configStatus: string) => ({ typeUrl: `type.googleapis.com/envoy.config.${typeUrl}`, configStatus });
const STATUS = JSON.stringify({
  resources: [
    {
      node: { id: 'caller-5d.shop' },
      genericXdsConfigs: [config('cluster.v3.Cluster', 'SYNCED'), config('listener.v3.Listener', 'STALE')],
    },
  ],
});

test('versions and sync states of the proxies of some namespaces are read, and of no other', () => {
  expect(parseVersions(VERSIONS, [STATUS], ['shop'])).toEqual({
    client: '1.31.0',
    controlPlane: ['1.31.0'],
    proxies: [
      { pod: 'shop/caller-5d', version: '1.31.0', stale: ['Listener STALE'] },
      { pod: 'shop/late-77', version: '1.20.1', stale: ['no status'] },
    ],
  });
});

test('a preflight that passes complains of nothing, and one that fails of what it names', () => {
  expect(parsePreflight({ exitCode: 0, stdout: '', stderr: 'No issues found' })).toEqual([]);
  const stdout = JSON.stringify([{ code: 'IST0141', level: 'Error', message: 'Missing required permission' }]);
  expect(parsePreflight({ exitCode: 1, stdout, stderr: 'Error: Issues found' })).toEqual(['IST0141 Missing required permission']);
});

test('a preflight that fails without naming anything is a tool that broke', () => {
  expect(() => parsePreflight({ exitCode: 1, stdout: '', stderr: 'connection refused' })).toThrow(/connection refused/);
  expect(() => parsePreflight({ exitCode: 1, stdout: '[]', stderr: 'odd' })).toThrow(/reported nothing/);
});

test('an exit code is an answer, a missing program is an error', async ({}, info) => {
  const istioctl = info.outputPath('istioctl');
  await writeFile(istioctl, '#!/bin/sh\ncat\necho "unknown command $1" >&2\nexit 64\n', { mode: 0o755 });
  const tool = (path: string) => new IstioTool(async () => ({ istioctl: path, kubeconfig: 'k', context: 'c' }));
  expect(await tool(istioctl).run(['verify-install'], 'given')).toEqual({ exitCode: 64, said: 'unknown command verify-install\ngiven' });
  await expect(tool(info.outputPath('nothing')).run([])).rejects.toMatchObject({ code: 'PROGRAM_MISSING' });
});
