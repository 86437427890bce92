import { writeFile } from 'node:fs/promises';

import { expect, test } from '@playwright/test';

import type { Docker } from '../../clusters/images/node-image.ts';
import { publishedImages, pullNode } from '../../clusters/images/node-pulled.ts';
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
