import { areaY, axisFy, axisX, axisY, gridX, rect, ruleY, text } from '@observablehq/plot';

import type { EjectionPicture } from '../../fixtures/contract/picture.ts';
import type { Chart } from './chart.ts';
import { colour } from './palette.ts';
import { corners } from './steps.ts';

/** A row for each endpoint: how many requests it received in each step, which of them failed, and when it was ejected. */
export function ejectionChart({ title, stepMs, endpoints, failing, fault, out }: EjectionPicture): Chart {
  const steps = Math.max(1, ...endpoints.map(({ given }) => given.length));
  const end = (steps * stepMs) / 1_000;
  const most = Math.max(1, ...endpoints.flatMap(({ given }) => given));
  const lines = endpoints.flatMap(({ name, given }) => corners(given, stepMs).map((corner) => ({ ...corner, fy: name })));
  const failures = endpoints.flatMap(({ name, failed }) =>
    failed.some((count) => count > 0) ? corners(failed, stepMs).map((corner) => ({ ...corner, fy: name })) : [],
  );
  const pauses = out.map(({ fromMs, toMs }) => ({ from: fromMs / 1_000, to: toMs / 1_000, fy: failing }));
  const faults = fault.map(({ fromMs, toMs }) => ({ from: fromMs / 1_000, to: Math.max(toMs, fromMs + stepMs) / 1_000, fy: failing }));
  return {
    title,
    subtitle: `requests to each endpoint per ${stepMs} ms; ${failing} was ${out.length === 0 ? 'never ejected' : `ejected ${times(out.length)}`}`,
    keys: [
      [colour.seen, 'received'],
      ...(failures.length === 0 ? [] : ([[colour.fault, 'failed']] as const)),
      ...(out.length === 0 ? [] : ([[colour.away, 'ejected']] as const)),
    ],
    panels: [
      {
        height: 50 + 78 * endpoints.length,
        marginTop: 12,
        marginBottom: 34,
        marginRight: 24 + 7 * Math.max(2, ...endpoints.map(({ name }) => name.length)),
        x: { domain: [0, end], label: null },
        y: { domain: [0, most * 1.5], label: null },
        fy: { domain: endpoints.map(({ name }) => name), label: null, padding: 0.12 },
        marks: [
          axisX({ label: 'seconds since the first request', labelArrow: 'none' }),
          axisFy({ fontSize: 12 }),
          axisY({ ticks: [0, most], tickSize: 3 }),
          gridX({ stroke: colour.line, strokeOpacity: 1 }),
          rect(pauses, { x1: 'from', x2: 'to', y1: 0, y2: most * 1.5, fy: 'fy', fill: colour.away }),
          areaY(lines, { x: 'at', y1: 0, y2: 'count', fy: 'fy', fill: colour.seen }),
          areaY(failures, { x: 'at', y1: 0, y2: 'count', fy: 'fy', fill: colour.fault }),
          rect(faults, { x1: 'from', x2: 'to', y1: most * 1.46, y2: most * 1.5, fy: 'fy', fill: colour.fault }),
          text(faults, {
            x: 'from',
            y: most * 1.5,
            fy: 'fy',
            text: () => `${failing} fails`,
            fill: colour.fault,
            textAnchor: 'start',
            dx: 3,
            dy: 11,
          }),
          text(pauses, {
            x: ({ from, to }: { from: number; to: number }) => (from + to) / 2,
            y: most * 0.6,
            fy: 'fy',
            text: ({ from, to }: { from: number; to: number }) => `ejected ${(to - from).toFixed(1)} s`,
            fontWeight: 600,
          }),
          ruleY([0], { stroke: colour.quiet }),
        ],
      },
    ],
  };
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
