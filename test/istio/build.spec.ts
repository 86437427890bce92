import { expect, test } from '@playwright/test';

import { buildIn, compiledIn } from '../../clusters/istio/build.ts';
import { istioctlTool, istioImages } from '../../clusters/istio/images.ts';
import { istioVersion } from '../../clusters/istio/versions.ts';
import type { NodeImages } from '../../clusters/mesh/node-images.ts';

const line = (kind: string, names: string) =>
  `[2026-11-30 03:05:53.671][2298][info][main] [source/server/server.cc:467]   ${kind}: ${names}`;
/** The start of Envoy's log. */
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

test("Detects Istio's extensions in a released proxy, and none in a plain Envoy", async () => {
  expect(await buildIn(nodes(log('envoy.filters.http.istio_stats')))).toEqual({ tag: '1.31.1', extended: true });
  expect(await buildIn(nodes(log('envoy.filters.http.router')))).toEqual({ tag: '1.31.1', extended: false });
  expect([...compiledIn(log('a'))]).toEqual(['envoy.cluster.dns', 'envoy.cluster.eds', 'envoy.cors', 'a']);
});

test('Finds the images of the wanted version, and does not take those of another one for it', async () => {
  const names = ['1.31-eed52ebb66ad', '1.31.1', '1.30-b01690e6db7d'].map((tag) => `docker.io/istio/proxyv2:${tag}`);
  const holding = (tags: string[]): NodeImages => ({ names: async () => tags, run: async () => log('envoy.filters.http.router') });
  const all = holding(names);
  expect([await buildIn(all), await buildIn(all, '1.31'), await buildIn(all, '1.30')].map(({ tag }) => tag)).toEqual([
    '1.31-eed52ebb66ad',
    '1.31-eed52ebb66ad',
    '1.30-b01690e6db7d',
  ]);
  await expect(buildIn(nodes(log()), '1.30')).rejects.toMatchObject({
    code: 'MESH_IMAGES_MISSING',
    message: expect.stringContaining('1.30'),
  });
  expect(await buildIn(holding(['docker.io/istio/proxyv2:own']), '1.30')).toMatchObject({ tag: 'own' });
});

test('Fails before anything is installed if nodes lack a proxy, or the proxy reports nothing', async () => {
  await expect(buildIn(nodes('', ['docker.io/library/node:24']))).rejects.toMatchObject({ code: 'MESH_IMAGES_MISSING' });
  await expect(buildIn(nodes('exec: envoy: not found'))).rejects.toMatchObject({
    code: 'PROXY_SILENT',
    message: expect.stringContaining('not found'),
  });
});

test('Uses a client and images of the same release', () => {
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

test('Finds istioctl for four platforms', () => {
  const { release } = istioctlTool();
  const name = (os: 'linux' | 'darwin', arch: 'x64' | 'arm64') => release?.({ os, arch }).url.split('/').at(-1);
  const { release: version } = istioVersion();
  expect([name('linux', 'x64'), name('linux', 'arm64'), name('darwin', 'x64'), name('darwin', 'arm64')]).toEqual(
    ['linux-amd64', 'linux-arm64', 'osx', 'osx-arm64'].map((platform) => `istioctl-${version}-${platform}.tar.gz`),
  );
});
