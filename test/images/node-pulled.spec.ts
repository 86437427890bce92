import { writeFile } from 'node:fs/promises';

import { expect, test } from '@playwright/test';

import { lock } from '../../clusters/images/lock.ts';
import type { Docker } from '../../clusters/images/node-image.ts';
import { publishedImages, pulledNode, pullNode } from '../../clusters/images/node-pulled.ts';
import { mirrored } from '../../clusters/images/registry.ts';
import { ISTIO } from '../../clusters/istio/module.ts';
import { scratchCache } from '../engine/scratch.ts';

/** An engine without images that can pull any, with a log of its calls. */
function emptyEngine(): { engine: Docker; calls: string[][] } {
  const calls: string[][] = [];
  const docker = async (args: readonly string[]): Promise<string> => {
    if (args[0] === 'image') throw new Error('no such image');
    calls.push([...args]);
    if (args[0] === 'save') await writeFile(args[2] ?? '', args.slice(3).join('\n'));
    return '';
  };
  return { engine: { docker }, calls };
}

const images = ISTIO.images();
const of = (calls: string[][], command: string): string[][] => calls.filter(([first]) => first === command);

test("Gives no image of a mirror a name that belongs to the engine's owner, and the node the published names", async () => {
  const [, ...published] = publishedImages(images);
  for (const registry of ['evil.test/m', undefined]) {
    await using _ = await scratchCache();
    const { engine, calls } = emptyEngine();
    await pullNode(images, { registry }, engine, {});
    const tagged = of(calls, 'tag').map(([, , to]) => to);
    for (const name of tagged) expect(name).toMatch(/^docker\.io\/meshproof\//);
    expect(of(calls, 'save').map((args) => args.at(-1))).toEqual(tagged);
    expect(of(calls, 'rmi').map((args) => args.at(-1))).toEqual(tagged);
    const renamed = of(calls, 'exec').filter((args) => args.some((text) => text.includes('images tag')));
    expect(renamed.map((args) => args.slice(-2))).toEqual(published.map((name, at) => [tagged[at], name]));
  }
});

test('Uses unpinned images of one registry for no other, neither as archives nor as a node image', async () => {
  await using _ = await scratchCache();
  const { images: rows } = await lock();
  const [, ...others] = publishedImages(images);
  const unpinned = others.filter((name) => rows[name] === undefined);
  expect(unpinned.length).toBeGreaterThan(0);
  const nodes = new Set<string>();
  for (const registry of ['evil.test/m', 'good.test/m', undefined]) {
    const { engine, calls } = emptyEngine();
    nodes.add(await pullNode(images, { registry }, engine, {}));
    for (const name of unpinned) expect(of(calls, 'pull').map((args) => args.at(-1))).toContain(mirrored(name, registry));
  }
  expect(nodes.size).toBe(3);
  expect(nodes).toContain(await pulledNode(images));
  // Pulled already.
  const { engine, calls } = emptyEngine();
  await pullNode(images, { registry: 'good.test/m' }, engine, {});
  expect(of(calls, 'save')).toEqual([]);
});
