import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { Picture } from '../../fixtures/contract/picture.ts';
import { draw } from '../../reporters/charts/draw.ts';
import { validated } from '../../reporters/validate.ts';
import { SAMPLE_PICTURES } from './sample-pictures.ts';
import { readXml } from './xml-reader.ts';

const golden = (name: string): string => join(import.meta.dirname, 'golden', `${name}.svg`);

for (const [name, judged] of Object.entries(SAMPLE_PICTURES)) {
  test(`Draws the picture ${name} as in its golden file`, async () => {
    const svg = draw(validated(Picture, judged().pictures?.[0], name));
    if (process.env['MESHPROOF_GOLDEN'] === 'write') await writeFile(golden(name), svg);
    expect(svg, 'look at it, then write it again with MESHPROOF_GOLDEN=write').toBe(await readFile(golden(name), 'utf8'));
    expect(svg.length, 'joined neighbours keep it small').toBeLessThan(20_000);
    expect(svg).not.toMatch(/NaN|undefined|currentColor|var\(/);
    readXml(svg);
  });
}

test('Draws names that contain markup as text', () => {
  const shares = [{ name: '<script>&"', n: 10, observed: 0.1, expected: 0.1, tolerance: 0.05, low: 0, high: 0.3 }];
  const svg = draw({ kind: 'split', title: ']]> <b>', shares });
  expect(svg).not.toContain('<script>');
  expect(svg).not.toContain('<b>');
  readXml(svg);
});

test('Draws a picture without data', () => {
  const nothing: Picture[] = [
    { kind: 'ejection', title: 'e', stepMs: 100, endpoints: [{ name: 'v1', given: [], failed: [] }], failing: 'v1', fault: [], out: [] },
    { kind: 'times', title: 't', fromMs: 0, stepMs: 1, counts: [], medianMs: 0, limits: [] },
    { kind: 'bucket', title: 'b', stepMs: 100, passed: [], refused: [], tokens: 0, tokenMs: 1 },
    { kind: 'timeline', title: 'l', stepMs: 100, lanes: [], faults: [], bounds: [] },
  ];
  for (const picture of nothing) expect(draw(picture)).not.toMatch(/NaN|undefined/);
});
