import { areaY, axisFy, axisX, axisY, barX, gridX, ruleX, ruleY, text } from '@observablehq/plot';

import type { TimelinePicture } from '../../fixtures/contract/picture.ts';
import type { Chart } from './chart.ts';
import { colour } from './palette.ts';
import { corners } from './steps.ts';

/** Height of a row of the upper panel: the name of a fault or limit, and its bar. */
const ROW = 30;
/** Longer names would not fit. */
const MOST_CHARACTERS = 100;

type Bar = { row: number; name: string; from: number; to: number; fill: string };

/** Above: when each fault and each limit began and ended. Below: a row for each endpoint that answered, and for each kind of failure. */
export function timelineChart({ title, stepMs, lanes, faults, bounds }: TimelinePicture): Chart {
  const steps = Math.max(1, ...lanes.map(({ counts }) => counts.length));
  const marginRight = 24 + 6.5 * Math.max(2, ...lanes.map(({ name }) => name.length));
  const common = { marginRight, x: { domain: [0, (steps * stepMs) / 1_000], label: null } };
  const edges = [
    ...faults.flatMap(({ provenMs, revertedMs }) =>
      [provenMs, revertedMs].flatMap((ms) => (ms === undefined ? [] : [edge(ms, colour.fault)])),
    ),
    ...bounds.map(({ toMs }) => edge(toMs, colour.bound)),
  ];
  return {
    title,
    subtitle: `requests per ${stepMs} ms, by the endpoint that answered or by how they ended`,
    keys: [
      [colour.seen, 'answered'],
      [colour.refused, 'not successful'],
      ...(faults.length === 0
        ? []
        : ([
            [colour.fault, 'fault, with proven effect'],
            [colour.away, 'fault begins, ends'],
          ] as const)),
      ...(bounds.length === 0 ? [] : ([[colour.bound, 'limit']] as const)),
    ],
    panels: [...spansPanel(barsOf(faults, bounds), faults.length + bounds.length, common), lanesPanel(lanes, stepMs, edges, common)],
  };
}

type Panel = Chart['panels'][number];
type Common = { marginRight: number; x: NonNullable<Panel['x']> };
type Edge = { at: number; stroke: string };

/** The names and bars of faults and limits, one below another; no panel if there are none. */
function spansPanel(bars: readonly Bar[], rows: number, { marginRight, x }: Common): Panel[] {
  if (rows === 0) return [];
  const marks = [
    barX(bars, { y: 'row', x1: 'from', x2: 'to', fill: 'fill', insetTop: 17, insetBottom: 5 }),
    text(firstOf(bars), { y: 'row', x: 0, text: 'name', textAnchor: 'start', dy: -6 }),
  ];
  const y = { domain: Array.from({ length: rows }, (_, row) => row), axis: null, padding: 0 };
  return [{ height: 8 + ROW * rows, marginTop: 4, marginBottom: 4, marginRight, x: { ...x, axis: null }, y, marks }];
}

function lanesPanel(lanes: TimelinePicture['lanes'], stepMs: number, edges: readonly Edge[], common: Common): Panel {
  const most = Math.max(1, ...lanes.flatMap(({ counts }) => counts));
  const areaOf = (succeeds: boolean) =>
    lanes.flatMap((lane) =>
      lane.succeeds === succeeds ? corners(lane.counts, stepMs).map((corner) => ({ ...corner, fy: lane.name })) : [],
    );
  return {
    ...common,
    height: 50 + 52 * Math.max(1, lanes.length),
    marginTop: 8,
    marginBottom: 34,
    y: { domain: [0, most * 1.15], label: null },
    fy: { domain: lanes.map(({ name }) => name), label: null, padding: 0.12 },
    marks: [
      axisX({ label: 'seconds since the first request', labelArrow: 'none' }),
      axisFy({ fontSize: 11 }),
      axisY({ ticks: [0, most], tickFormat: String, tickSize: 3 }),
      gridX({ stroke: colour.line, strokeOpacity: 1 }),
      areaY(areaOf(true), { x: 'at', y1: 0, y2: 'count', fy: 'fy', fill: colour.seen }),
      areaY(areaOf(false), { x: 'at', y1: 0, y2: 'count', fy: 'fy', fill: colour.refused }),
      ruleX(edges, { x: 'at', stroke: 'stroke', strokeDasharray: '4 3' }),
      ruleY([0], { stroke: colour.quiet }),
    ],
  };
}

const edge = (ms: number, stroke: string): Edge => ({ at: ms / 1_000, stroke });

/** A fault is drawn in full strength from where its effect was seen until its revert began. */
function barsOf(faults: TimelinePicture['faults'], bounds: TimelinePicture['bounds']): Bar[] {
  const bar = (row: number, name: string, fromMs: number, toMs: number, fill: string): Bar => {
    return { row, name: name.slice(0, MOST_CHARACTERS), from: fromMs / 1_000, to: toMs / 1_000, fill };
  };
  const ofFaults = faults.flatMap(({ name, fromMs, provenMs, revertedMs, toMs }, row) => [
    bar(row, name, fromMs, toMs, colour.away),
    ...(provenMs === undefined ? [] : [bar(row, name, provenMs, revertedMs ?? toMs, colour.fault)]),
  ]);
  const ofBounds = bounds.map(({ says, fromMs, toMs }, index) => bar(faults.length + index, says, fromMs, toMs, colour.bound));
  return [...ofFaults, ...ofBounds];
}

/** One bar of each row, for its name. */
const firstOf = (bars: readonly Bar[]): Bar[] => bars.filter(({ row }, index) => bars.findIndex((bar) => bar.row === row) === index);
