import { expect, test } from '@playwright/test';

import { K6_IMAGE } from '../../clusters/images/recipes/k6.ts';
import { SAMPLE_IMAGE } from '../../clusters/images/recipes/sample.ts';
import { mirrored, requireRegistry } from '../../clusters/images/registry.ts';
import { requireImageSource } from '../../scripts/run/provider.ts';

test('a mirror stands in the place of the registry, whatever its name holds', () => {
  expect(mirrored('docker.io/library/node:24-slim', 'registry.example.com/mirror')).toBe(
    'registry.example.com/mirror/library/node:24-slim',
  );
  expect(mirrored('registry.k8s.io/coredns/coredns:v1', '127.0.0.1:5000')).toBe('127.0.0.1:5000/coredns/coredns:v1');
  expect(mirrored('docker.io/grafana/k6:1', undefined)).toBe('docker.io/grafana/k6:1');
});

test('pods run stock images of pinned versions', () => {
  expect(SAMPLE_IMAGE.name).toBe(`docker.io/library/node:${process.versions.node}-slim`);
  expect(SAMPLE_IMAGE.upstream).toBe(SAMPLE_IMAGE.name);
  expect(K6_IMAGE.name).toMatch(/^docker\.io\/grafana\/k6:\d+\.\d+\.\d+$/);
});

test('what cannot begin the name of an image is refused', () => {
  for (const prefix of ['registry.example.com', 'registry.example.com:5000/a/b-c', '127.0.0.1:5000', 'host/mirror_1'])
    expect(requireRegistry(prefix)).toBe(prefix);
  for (const prefix of ['https://registry.example.com', 'registry.example.com/', 'a b', 'Host/x', '-x', 'x:port'])
    expect(() => requireRegistry(prefix), prefix).toThrow(`--registry=${prefix} cannot begin`);
});

test('a mirror is pulled from, and nothing else', async () => {
  const registry = 'registry.example.com';
  expect(await requireImageSource({ images: 'auto', registry })).toEqual({ from: 'pull', registry });
  expect(await requireImageSource({ images: 'build' })).toEqual({ from: 'build' });
  await expect(requireImageSource({ images: 'build', registry })).rejects.toMatchObject({ code: 'CONTRADICTION', exitCode: 2 });
  await expect(requireImageSource({ images: 'nowhere' })).rejects.toMatchObject({ code: 'UNKNOWN_IMAGE_SOURCE', exitCode: 2 });
});
