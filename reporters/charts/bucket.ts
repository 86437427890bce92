import { areaY, axisX, axisY, gridY, line, ruleY, text } from '@observablehq/plot';

import type { BucketPicture } from '../../fixtures/contract/picture.ts';
import type { Chart } from './chart.ts';
import { colour } from './palette.ts';
import { corners } from './steps.ts';

/**
 * Above: what passed and what was rejected in each step. Below: what has passed so far, compared with the allowance, from where they come
 * close.
 */
export function bucketChart({ title, stepMs, passed, refused, tokens, tokenMs }: BucketPicture): Chart {
  const end = (passed.length * stepMs) / 1_000;
  const x = { domain: [0, end], label: null };
  const all = passed.map((count, index) => count + (refused[index] ?? 0));
  const most = Math.max(1, ...all);
  let sum = 0;
  const running = passed.map((count) => (sum += count));
  const allowed = allowance(tokens, tokenMs, end);
  const highest = Math.max(sum, allowed.at(-1)?.count ?? tokens);
  const lowest = Math.max(0, tokens - 2 * Math.max(3, highest - tokens));
  const from = running.findIndex((count) => count >= lowest);
  // A sum is reached at the end of its step at the latest; drawn from the beginning of the step, it would seem to exceed the allowance.
  const reached = corners([0, ...running.slice(0, -1)], stepMs);
  const near = [...reached.filter(({ at, count }) => at >= (from * stepMs) / 1_000 && count >= lowest), { at: end, count: sum }];
  const refusals = refused.reduce((total, count) => total + count, 0);
  return {
    title,
    subtitle: `${sum} admitted and ${refusals} rejected; the limit is ${tokens}, plus one every ${tokenMs} ms`,
    keys: [
      [colour.seen, 'admitted'],
      [colour.refused, 'rejected'],
      [colour.bound, 'allowance'],
    ],
    panels: [
      {
        height: 158,
        marginTop: 30,
        marginBottom: 24,
        x,
        y: { domain: [0, most], label: null },
        marks: [
          axisX({ label: null }),
          axisY({ ticks: [0, most], label: `requests every ${stepMs} ms`, labelArrow: 'none' }),
          areaY(corners(all, stepMs), { x: 'at', y1: 0, y2: 'count', fill: colour.refused }),
          areaY(corners(passed, stepMs), { x: 'at', y1: 0, y2: 'count', fill: colour.seen }),
          ruleY([0], { stroke: colour.quiet }),
        ],
      },
      {
        height: 200,
        marginTop: 34,
        marginBottom: 34,
        x,
        y: { domain: [lowest, highest + 1], label: null },
        marks: [
          axisX({ label: 'seconds since the first request', labelArrow: 'none' }),
          axisY({ ticks: 6, label: 'admitted in total', labelArrow: 'none' }),
          gridY({ ticks: 6, stroke: colour.line, strokeOpacity: 1 }),
          line(near, { x: 'at', y: 'count', stroke: colour.seen, strokeWidth: 2.5 }),
          line(allowed, { x: 'at', y: 'count', stroke: colour.bound, strokeWidth: 1.8, strokeDasharray: '5 3' }),
          text([{}], { x: 0, y: tokens, text: () => `${tokens} at once`, fill: colour.bound, textAnchor: 'start', dx: 5, dy: -9 }),
        ],
      },
    ],
  };
}

/** How many may have passed by each time: the initial tokens, and one more for each refill. */
function allowance(tokens: number, tokenMs: number, end: number): { at: number; count: number }[] {
  const points = [{ at: 0, count: tokens }];
  for (let back = 1; (back * tokenMs) / 1_000 <= end && points.length < 400; back++) {
    const at = (back * tokenMs) / 1_000;
    points.push({ at, count: tokens + back - 1 }, { at, count: tokens + back });
  }
  return [...points, { at: end, count: points.at(-1)?.count ?? tokens }];
}
