import { readFile, writeFile } from 'node:fs/promises';

import { expect, test, type TestInfo } from '@playwright/test';

import { installIstio, istioctlVersion, uninstallIstio } from '../../clusters/istio/istioctl.ts';

const PLACE = { kubeconfig: 'some/kubeconfig', context: 'kind-one' };

/** A program in istioctl's place that keeps its arguments and its input. */
async function program(info: TestInfo, body: string): Promise<{ istioctl: string; told: () => Promise<string> }> {
  const istioctl = info.outputPath('istioctl');
  await writeFile(info.outputPath('told'), '');
  await writeFile(istioctl, `#!/bin/sh\necho "$@" > '${info.outputPath('told')}'\n${body}\n`, { mode: 0o755 });
  return { istioctl, told: async () => await readFile(info.outputPath('told'), 'utf8') };
}

test('an installation is told which cluster, and gets the operator’s resource on stdin', async ({}, info) => {
  const { istioctl, told } = await program(info, `cat >> '${info.outputPath('told')}'`);
  await installIstio({ istioctl, ...PLACE }, { images: { hub: 'example.test/istio', tag: '1', plainEnvoy: true } });
  const [args = '', resource = ''] = (await told()).split('\n');
  expect(args).toMatch(/^install -y -f - .*--kubeconfig some\/kubeconfig --context kind-one$/);
  expect(JSON.parse(resource)).toMatchObject({ kind: 'IstioOperator', spec: { hub: 'example.test/istio', tag: '1' } });
});

test('a removal is told which cluster', async ({}, info) => {
  const { istioctl, told } = await program(info, '');
  await uninstallIstio({ istioctl, ...PLACE });
  expect(await told()).toBe('uninstall --purge -y --kubeconfig some/kubeconfig --context kind-one\n');
});

test('an installation that fails says what istioctl said', async ({}, info) => {
  const { istioctl } = await program(info, 'echo "no such profile" >&2; exit 1');
  const failure = installIstio({ istioctl, ...PLACE }, { images: { hub: 'h', tag: '1', plainEnvoy: false } });
  await expect(failure).rejects.toMatchObject({ code: 'COMMAND_FAILED', message: expect.stringContaining('no such profile') });
});

test('istioctl tells its version', async ({}, info) => {
  const { istioctl } = await program(info, `echo '{"clientVersion":{"version":"1.31.0"}}'`);
  expect(await istioctlVersion(istioctl)).toBe('1.31.0');
  const { istioctl: other } = await program(info, `echo '{}'`);
  await expect(istioctlVersion(other)).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
});
