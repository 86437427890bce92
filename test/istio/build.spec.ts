import { expect, test } from '@playwright/test';

import { buildIn, compiledIn } from '../../clusters/istio/build.ts';
import { istioctlTool, istioImages } from '../../clusters/istio/images.ts';
import { istioVersion } from '../../clusters/istio/versions.ts';
import type { NodeImages } from '../../clusters/mesh/node-images.ts';

const line = (kind: string, names: string) =>
  `[2026-11-30 03:05:53.671][2298][info][main] [source/server/server.cc:467]   ${kind}: ${names}`;
/** As Envoy begins its log. */
const log = (...filters: string[]) =>
  [
    '[2026-11-30 03:05:53.671][2298][info][main] [source/server/server.cc:463] initializing epoch 0 (base id=0)',
    '[2026-11-30 03:05:53.671][2298][info][main] [source/server/server.cc:465] statically linked extensions:',
    line('envoy.clusters', 'envoy.cluster.dns, envoy.cluster.eds'),
    line('envoy.filters.http', ['envoy.cors', ...filters].join(', ')),
    '[2026-11-30 03:05:53.700][2298][info][main] [source/server/server.cc:700] exiting',
  ].join('\n');

function nodes(
  said: string,
  names = ['docker.io/istio/pilot:1.31.1', 'docker.io/istio/proxyv2:1.31.1', 'docker.io/library/node:24'],
): NodeImages {
  return { names: async () => names, run: async (image) => (image === 'docker.io/istio/proxyv2:1.31.1' ? said : '') };
}

test('a released proxy is told of Istio’s extensions, and a plain Envoy is not', async () => {
  expect(await buildIn(nodes(log('envoy.filters.http.istio_stats')))).toEqual({ tag: '1.31.1', extended: true });
  expect(await buildIn(nodes(log('envoy.filters.http.router')))).toEqual({ tag: '1.31.1', extended: false });
  expect([...compiledIn(log('a'))]).toEqual(['envoy.cluster.dns', 'envoy.cluster.eds', 'envoy.cors', 'a']);
});

test('nodes without a proxy, and a proxy that tells nothing, are errors before anything is installed', async () => {
  await expect(buildIn(nodes('', ['docker.io/library/node:24']))).rejects.toMatchObject({ code: 'MESH_IMAGES_MISSING' });
  await expect(buildIn(nodes('exec: envoy: not found'))).rejects.toMatchObject({
    code: 'PROXY_SILENT',
    message: expect.stringContaining('not found'),
  });
});

test('client and images are of one release', () => {
  const { tag, release } = istioVersion();
  const [released, built, either] = [istioctlTool(undefined, release), istioctlTool(undefined, tag), istioctlTool()];
  const says = (version: string) => `client version: ${version}`;
  expect([released, built, either].map(({ fits }) => [release, tag, `${release}-rc.1`].map((version) => fits.test(says(version))))).toEqual(
    [
      [true, false, false],
      [false, true, false],
      [true, true, false],
    ],
  );
  expect([released, built, either].map(({ release, module }) => [release !== undefined, module !== undefined])).toEqual([
    [true, false],
    [false, true],
    [true, true],
  ]);
  for (const { name, upstream } of istioImages()) expect([name.split(':')[1], upstream?.split(':')[1]]).toEqual([tag, release]);
});

test('istioctl is published for four platforms', () => {
  const { release } = istioctlTool();
  const name = (os: 'linux' | 'darwin', arch: 'x64' | 'arm64') => release?.({ os, arch }).url.split('/').at(-1);
  const { release: version } = istioVersion();
  expect([name('linux', 'x64'), name('linux', 'arm64'), name('darwin', 'x64'), name('darwin', 'arm64')]).toEqual(
    ['linux-amd64', 'linux-arm64', 'osx', 'osx-arm64'].map((platform) => `istioctl-${version}-${platform}.tar.gz`),
  );
});
