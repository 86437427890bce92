import { expect, test } from '@playwright/test';

import { K6_IMAGE } from '../../clusters/images/recipes/k6.ts';
import { SAMPLE_IMAGE } from '../../clusters/images/recipes/sample.ts';
import { isImageName, mirrored, requireRegistry } from '../../clusters/images/registry.ts';
import { requireImageSource } from '../../scripts/run/provider.ts';

test('Replaces the registry of an image by the mirror', () => {
  expect(mirrored('docker.io/library/node:24-slim', 'registry.example.com/mirror')).toBe(
    'registry.example.com/mirror/library/node:24-slim',
  );
  expect(mirrored('registry.k8s.io/coredns/coredns:v1', '127.0.0.1:5000')).toBe('127.0.0.1:5000/coredns/coredns:v1');
  expect(mirrored('docker.io/grafana/k6:1', undefined)).toBe('docker.io/grafana/k6:1');
});

test('Uses stock images of pinned versions for pods', () => {
  expect(SAMPLE_IMAGE.name).toBe(`docker.io/library/node:${process.versions.node}-slim`);
  expect(SAMPLE_IMAGE.upstream).toBe(SAMPLE_IMAGE.name);
  expect(K6_IMAGE.name).toMatch(/^docker\.io\/grafana\/k6:\d+\.\d+\.\d+$/);
});

test('Rejects a prefix that cannot begin the name of an image', () => {
  for (const prefix of ['registry.example.com', 'registry.example.com:5000/a/b-c', '127.0.0.1:5000', 'localhost/x', 'host:80/mirror_1'])
    expect(requireRegistry(prefix)).toBe(prefix);
  for (const prefix of [
    'https://registry.example.com',
    'registry.example.com/',
    'a b',
    'Host.example/x',
    '-x',
    'x:port',
    'x:99999',
    'x.example:5000/Mirror',
    'registry..example.com',
    'registry.example.com.:5000',
    '-x.example.com',
    'x-.example.com',
    'registry.example.com:0',
    'registry.example.com:00000/x',
    '[::1]:5000',
  ])
    expect.soft(() => requireRegistry(prefix), prefix).toThrow(`--registry=${prefix} cannot begin`);
  expect(() => requireRegistry('[::1]:5000')).toThrow(expect.objectContaining({ hint: expect.stringContaining('IPv6') }));
});

test("Rejects a mirror that an engine would mistake for a stranger's account on Docker Hub", () => {
  for (const prefix of ['mirror', 'registry/mirror'])
    expect(() => requireRegistry(prefix), prefix).toThrow(`images would be pulled from docker.io/${prefix}`);
});

test('Recognises valid names of images', () => {
  const digest = `sha256:${'0a'.repeat(32)}`;
  for (const name of [
    'node',
    'node:24-slim',
    'a.example:5000/b/c_d',
    `a.example/b@${digest}`,
    `a.example/b:1.2@${digest}`,
    'localhost/a:B',
  ])
    expect.soft(isImageName(name), name).toBe(true);
  const bad = [
    '',
    ' node:24',
    'node: 24',
    'https://a.example/b',
    'a.example/B',
    'a.example/b/',
    'a.example/b:',
    'a.example/b@sha256:1',
    'a:99999/b',
    'a.example:0/b',
    'a..example/b',
  ];
  for (const name of bad) expect.soft(isImageName(name), name).toBe(false);
});

test('Only pulls if a mirror is given', async () => {
  const registry = 'registry.example.com';
  expect(await requireImageSource({ images: 'auto', registry })).toEqual({ from: 'pull', registry });
  expect(await requireImageSource({ images: 'build' })).toEqual({ from: 'build' });
  await expect(requireImageSource({ images: 'build', registry })).rejects.toMatchObject({ code: 'CONTRADICTION', exitCode: 2 });
  await expect(requireImageSource({ images: 'nowhere' })).rejects.toMatchObject({ code: 'UNKNOWN_IMAGE_SOURCE', exitCode: 2 });
});
