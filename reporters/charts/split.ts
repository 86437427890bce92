import { barX, ruleX, ruleY, text, tickX, axisX, axisY, type Markish } from '@observablehq/plot';

import type { SplitPicture } from '../../fixtures/contract/picture.ts';
import type { Chart } from './chart.ts';
import { colour } from './palette.ts';

type Share = SplitPicture['shares'][number];

const percent = (share: number): string => `${Number((100 * share).toFixed(share < 0.01 ? 3 : 1))} %`;
const isAccepted = ({ observed, expected, tolerance }: Share): boolean => Math.abs(observed - expected) <= tolerance;

/** Each share as a bar with its interval, on the range in which it is accepted. */
export function splitChart({ title, shares }: SplitPicture): Chart {
  const farthest = Math.max(...shares.map(({ high, observed, expected, tolerance }) => Math.max(high, observed, expected + tolerance)));
  const domain = [0, farthest > 0.4 ? 1 : farthest * 1.25];
  const tests = shares.map(
    ({ name, n, observed, low, high }) => `${name} ${percent(observed)} of ${n} (${percent(low)} to ${percent(high)})`,
  );
  const y = 'name';
  return {
    title,
    subtitle: tests.join(', '),
    keys: [
      [colour.seen, 'observed'],
      ...(shares.every(isAccepted) ? [] : ([[colour.fault, 'observed, not accepted']] as const)),
      [colour.ink, 'interval'],
      [colour.bound, 'expected'],
      [colour.band, 'accepted'],
    ],
    panels: [
      {
        height: 44 + 62 * shares.length,
        marginLeft: 24 + 7 * Math.max(6, ...shares.map(({ name }) => name.length)),
        marginTop: 4,
        marginBottom: 36,
        x: { domain, label: null },
        y: { domain: shares.map(({ name }) => name), label: null, padding: 0.1 },
        marks: [
          axisX({ label: 'share of requests', tickFormat: (share: number) => percent(share), ticks: 10, labelArrow: 'none' }),
          axisY({ tickSize: 0, fontSize: 12 }),
          barX(shares, { y, x1: low, x2: high, fill: colour.band, insetTop: 16 }),
          barX(shares, {
            y,
            x: 'observed',
            fill: (share: Share) => (isAccepted(share) ? colour.seen : colour.fault),
            insetTop: 21,
            insetBottom: 17,
          }),
          ...intervalOf(shares),
          tickX(shares, { y, x: 'expected', stroke: colour.bound, strokeWidth: 2, insetTop: 16 }),
          text(shares, {
            y,
            x: 'expected',
            text: ({ expected, tolerance }: Share) => `expected ${percent(expected)} ± ${percent(tolerance)}`,
            fill: colour.bound,
            dy: -21,
          }),
          ruleX([0], { stroke: colour.quiet }),
        ],
      },
    ],
  };
}

/** Below its bar, where it is visible without colours. */
function intervalOf(shares: readonly Share[]): Markish[] {
  const ends = ['low', 'high'].map((x) =>
    tickX(shares, { y: 'name', x, stroke: colour.ink, dy: 19, insetTop: 24, insetBottom: 24, strokeWidth: 1.6 }),
  );
  return [ruleY(shares, { y: 'name', x1: 'low', x2: 'high', stroke: colour.ink, strokeWidth: 1.6, dy: 19 }), ...ends];
}

function low({ expected, tolerance }: Share): number {
  return Math.max(0, expected - tolerance);
}

function high({ expected, tolerance }: Share): number {
  return Math.min(1, expected + tolerance);
}
