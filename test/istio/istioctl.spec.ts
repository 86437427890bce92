import { readFile, writeFile } from 'node:fs/promises';

import { expect, test, type TestInfo } from '@playwright/test';

import { installIstio, istioctlVersion, uninstallIstio } from '../../clusters/istio/istioctl.ts';

const PLACE = { kubeconfig: 'some/kubeconfig', context: 'kind-one' };

/** A stand-in for istioctl that records its arguments and its input. */
async function program(info: TestInfo, body: string): Promise<{ istioctl: string; recorded: () => Promise<string> }> {
  const istioctl = info.outputPath('istioctl');
  await writeFile(info.outputPath('recorded'), '');
  await writeFile(istioctl, `#!/bin/sh\necho "$@" > '${info.outputPath('recorded')}'\n${body}\n`, { mode: 0o755 });
  return { istioctl, recorded: async () => await readFile(info.outputPath('recorded'), 'utf8') };
}

test("Passes the cluster, and the operator's resource on standard input, to an installation", async ({}, info) => {
  const { istioctl, recorded } = await program(info, `cat >> '${info.outputPath('recorded')}'`);
  await installIstio({ istioctl, ...PLACE }, { images: { hub: 'example.test/istio', tag: '1', plainEnvoy: true } });
  const [args = '', resource = ''] = (await recorded()).split('\n');
  expect(args).toMatch(/^install -y -f - .*--kubeconfig some\/kubeconfig --context kind-one$/);
  expect(JSON.parse(resource)).toMatchObject({ kind: 'IstioOperator', spec: { hub: 'example.test/istio', tag: '1' } });
});

test('Passes the cluster to an uninstallation', async ({}, info) => {
  const { istioctl, recorded } = await program(info, '');
  await uninstallIstio({ istioctl, ...PLACE });
  expect(await recorded()).toBe('uninstall --purge -y --kubeconfig some/kubeconfig --context kind-one\n');
});

test('Quotes istioctl when an installation fails', async ({}, info) => {
  const { istioctl } = await program(info, 'echo "no such profile" >&2; exit 1');
  const failure = installIstio({ istioctl, ...PLACE }, { images: { hub: 'h', tag: '1', plainEnvoy: false } });
  await expect(failure).rejects.toMatchObject({ code: 'COMMAND_FAILED', message: expect.stringContaining('no such profile') });
});

test("Reads istioctl's version", async ({}, info) => {
  const { istioctl } = await program(info, `echo '{"clientVersion":{"version":"1.31.0"}}'`);
  expect(await istioctlVersion(istioctl)).toBe('1.31.0');
  const { istioctl: other } = await program(info, `echo '{}'`);
  await expect(istioctlVersion(other)).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
});
