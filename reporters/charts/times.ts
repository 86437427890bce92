import { axisX, axisY, gridY, rect, rectY, ruleX, ruleY, text } from '@observablehq/plot';

import type { TimesPicture } from '../../fixtures/contract/picture.ts';
import type { Chart } from './chart.ts';
import { colour } from './palette.ts';

/** How many requests took how long, on the range that the limits allow. */
export function timesChart({ title, fromMs, stepMs, counts, medianMs, limits }: TimesPicture): Chart {
  const end = fromMs + counts.length * stepMs;
  const least = limits.find(({ bound }) => bound === 'least')?.ms ?? fromMs;
  const most = limits.find(({ bound }) => bound === 'most')?.ms ?? end;
  const top = Math.max(1, ...counts);
  const bars = counts.flatMap((count, index) =>
    count === 0 ? [] : [{ from: fromMs + index * stepMs, to: fromMs + (index + 1) * stepMs, count }],
  );
  const n = counts.reduce((sum, count) => sum + count, 0);
  const middle = (fromMs + end) / 2;
  const side = (ms: number): 'start' | 'end' => (ms > middle ? 'end' : 'start');
  const head = top * (1.25 + 0.13 * (limits.length + 1));
  return {
    title,
    subtitle: `${n} requests, from sending to response; median ${Math.round(medianMs)} ms`,
    keys: [
      [colour.seen, 'requests'],
      [colour.ink, 'median'],
      [colour.bound, 'limit'],
      [colour.band, 'between the limits'],
    ],
    panels: [
      {
        height: 250,
        marginTop: 8,
        marginBottom: 34,
        x: { domain: [fromMs, end], label: null },
        y: { domain: [0, head], label: null },
        marks: [
          axisX({ label: 'milliseconds', labelArrow: 'none' }),
          axisY({ ticks: wholeNumbers(top), label: null }),
          rect([{}], { x1: Math.max(fromMs, least), x2: Math.min(end, most), y1: 0, y2: head, fill: colour.band }),
          gridY(wholeNumbers(top), { stroke: colour.line, strokeOpacity: 1 }),
          rectY(bars, { x1: 'from', x2: 'to', y: 'count', fill: colour.seen, inset: 0.5 }),
          ruleX(limits, { x: 'ms', stroke: colour.bound, strokeWidth: 2 }),
          ...limitLabels(limits, head, side),
          ruleX([medianMs], { y1: 0, y2: top * 1.18, stroke: colour.ink, strokeWidth: 1.5, strokeDasharray: '4 3' }),
          text([medianMs], {
            x: medianMs,
            y: top * 1.18,
            text: () => `median ${Math.round(medianMs)} ms`,
            textAnchor: side(medianMs),
            dx: side(medianMs) === 'end' ? -5 : 5,
          }),
          ruleY([0], { stroke: colour.quiet }),
        ],
      },
    ],
  };
}

/** The labels of the limits, one below another, on the side of their line that has room. */
function limitLabels(limits: TimesPicture['limits'], head: number, side: (ms: number) => 'start' | 'end') {
  const rows = limits.map((limit, row) => ({ ...limit, row }));
  return (['end', 'start'] as const).map((anchor) =>
    text(rows, {
      x: 'ms',
      y: ({ row }: { row: number }) => head * (0.96 - 0.09 * row),
      text: ({ says, ms }: { says: string; ms: number }) => `${says} ${ms} ms`,
      textAnchor: anchor,
      filter: ({ ms }: { ms: number }) => side(ms) === anchor,
      fill: colour.bound,
      dx: anchor === 'end' ? -5 : 5,
    }),
  );
}

/** A few whole numbers up to this one. */
function wholeNumbers(top: number): number[] {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000].find((size) => top / size <= 6) ?? 10_000;
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, index) => index * step);
}
