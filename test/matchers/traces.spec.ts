import { expect, test } from '@playwright/test';
import { assert, constantFrom, property } from 'fast-check';

import type { History } from '../../fixtures/agent/protocol.ts';
import { toTraceEach, toTraceNone } from '../../fixtures/matchers/traces.ts';
import { spansFrom, type Span } from '../../fixtures/evidence/spans.ts';

const BETWEEN = { from: 'caller.rig', to: 'server.rig' };
const IDS = ['one', 'two', 'three'];

const history: History = {
  from: 'caller',
  order: { target: 'server:8080', count: IDS.length },
  startedAt: 0,
  outcomes: IDS.map((id, at) => ({
    id,
    dueMs: at,
    sentMs: at,
    answeredMs: at + 1,
    connection: 0,
    ending: { kind: 'response', status: 200, headers: {}, bodyStart: '' },
  })),
};

/** The spans that a correct mesh leaves at the collector. */
const right = (): Span[] =>
  IDS.flatMap((id): Span[] => [
    { trace: `t-${id}`, id: `c-${id}`, parent: '', service: 'caller.rig', kind: 'client', request: id },
    { trace: `t-${id}`, id: `s-${id}`, parent: `c-${id}`, service: 'server.rig', kind: 'server', request: id },
  ]);

/** The correct spans with those of one request changed. */
const changed = (change: (span: Span) => Span | undefined): Span[] =>
  right().flatMap((span) => (span.request === 'two' ? (change(span) ?? []) : span));

const WRONG: Record<string, Span[]> = {
  'no trace': changed(() => undefined),
  'no server span': changed((span) => (span.kind === 'server' ? undefined : span)),
  'no client span': changed((span) => (span.kind === 'client' ? undefined : span)),
  '2 traces': changed((span) => (span.kind === 'server' ? { ...span, trace: 'another' } : span)),
  'a server span that is not the child of the client span': changed((span) =>
    span.kind === 'server' ? { ...span, parent: 'else' } : span,
  ),
  'a client span that is not the root': changed((span) => (span.kind === 'client' ? { ...span, parent: 'else' } : span)),
  'between other.rig and server.rig': changed((span) => (span.kind === 'client' ? { ...span, service: 'other.rig' } : span)),
  '3 spans': [...right(), { trace: 't-two', id: 'more', parent: 's-two', service: 'server.rig', kind: 'server', request: 'two' }],
  'spans of two requests': changed((span) => (span.kind === 'server' ? { ...span, request: '' } : span)),
};

test('Requires one connected trace for each request', () => {
  expect(toTraceEach(right(), history, BETWEEN)).toMatchObject({ pass: true });
  expect(toTraceEach(right().toReversed(), history, BETWEEN).pass).toBe(true);
});

for (const [fault, spans] of Object.entries(WRONG)) {
  test(`Detects and names a trace with ${fault}`, () => {
    const { pass, observed } = toTraceEach(spans, history, BETWEEN);
    expect(pass).toBe(false);
    expect(observed).toContain(`two: ${fault}`);
  });
}

test('Detects any missing span', () => {
  assert(
    property(
      constantFrom(...right()),
      (lost) =>
        !toTraceEach(
          right().filter(({ id }) => id !== lost.id),
          history,
          BETWEEN,
        ).pass,
    ),
  );
});

test('Detects two requests in one trace', () => {
  const joined = right().map((span) => ({ ...span, trace: 'same' }));
  expect(toTraceEach(joined, history, BETWEEN).pass).toBe(false);
});

test('Requires no span at all if nothing is traced', () => {
  expect(toTraceNone([], history).pass).toBe(true);
  expect(toTraceNone(right().slice(0, 1), history)).toMatchObject({
    pass: false,
    observed: expect.stringContaining('1 span for 3 requests'),
  });
});

test('Makes no judgement without responses from a working prober', () => {
  const nothing = { ...history, outcomes: [] };
  expect(toTraceNone([], nothing).inconclusive).toContain('too few');
  expect(toTraceEach([], nothing, BETWEEN).inconclusive).toContain('too few');
});

test("Reads each span of the collector's responses once, with its parent, reporter, kind and request", () => {
  const trace = {
    processes: { p1: { serviceName: 'caller.rig' }, p2: { serviceName: 'server.rig' } },
    spans: [
      {
        traceID: 't',
        spanID: 'a',
        processID: 'p1',
        references: [],
        tags: [
          { key: 'span.kind', value: 'client' },
          { key: 'request', value: 'r' },
        ],
      },
      {
        traceID: 't',
        spanID: 'b',
        processID: 'p2',
        references: [{ refType: 'CHILD_OF', traceID: 't', spanID: 'a' }],
        tags: [{ key: 'span.kind', value: 'server' }],
      },
    ],
  };
  expect(spansFrom([{ data: [trace] }, { data: [trace] }, { data: null }])).toEqual([
    { trace: 't', id: 'a', parent: '', service: 'caller.rig', kind: 'client', request: 'r' },
    { trace: 't', id: 'b', parent: 'a', service: 'server.rig', kind: 'server', request: '' },
  ]);
});
