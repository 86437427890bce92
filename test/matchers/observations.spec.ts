import { expect, test } from '@playwright/test';

import type { LoggedRequest } from '../../fixtures/actors/workload-proxy.ts';
import { matchers } from '../../fixtures/matchers/index.ts';
import { answered, delivery, historyOf, times } from './histories.ts';

const { toAgreeWithLedger, toCountRequests, toLogEachAs, toLogEachOnce, toPresent, toRedirect } = matchers;

const history = historyOf(times(3, answered('v1')), { path: '/orders?page=2', method: 'POST', body: 'five!' });
const ledger = history.outcomes.map(({ id }) =>
  delivery(id, { method: 'POST', path: '/orders?page=2', headers: { host: 'server:8080', 'user-agent': `probe/${id}` } }),
);
const lines = ledger.map(({ id }): LoggedRequest => ({
  id,
  method: 'POST',
  path: '/orders?page=2',
  protocol: 'HTTP/1.1',
  status: 200,
  flags: '',
  bytesReceived: 5,
  bytesSent: 67,
  userAgent: `probe/${id}`,
  authority: 'server:8080',
  upstream: 'outbound|8080||server',
  route: 'default',
  text: `the line of ${id}`,
}));

/** A line of a mesh whose log format lacks these fields. */
function without(line: LoggedRequest, ...fields: (keyof LoggedRequest)[]): LoggedRequest {
  return Object.fromEntries(Object.entries(line).filter(([name]) => !fields.some((field) => field === name))) as unknown as LoggedRequest;
}

test('Requires one access log line with the correct fields for each request', () => {
  expect(toLogEachOnce(lines, history, ledger).pass).toBe(true);
  expect(toLogEachOnce([], history, ledger)).toMatchObject({ pass: false, observed: expect.stringContaining('3 requests without a line') });
  const twice = toLogEachOnce([...lines, ...lines.slice(0, 1)], history, ledger);
  expect(twice).toMatchObject({ pass: false, observed: expect.stringContaining('1 request with several lines: r-0') });
  for (const [field, value] of Object.entries({
    method: 'GET',
    path: '/',
    status: 500,
    flags: 'UF',
    bytesReceived: 6,
    userAgent: '',
    authority: 'x',
  })) {
    const wrong = toLogEachOnce(lines.with(1, { ...lines[1], [field]: value } as LoggedRequest), history, ledger);
    expect(wrong, field).toMatchObject({ pass: false, observed: expect.stringContaining(`1 wrong field: ${field} "${value}"`) });
  }
  const untold = lines.map((line) => without(line, 'flags', 'bytesReceived'));
  expect(toLogEachOnce(untold, history, ledger).inconclusive).toBe('the access log has no field bytesReceived, flags');
  expect(toLogEachOnce(lines, history, ledger.slice(1))).toMatchObject({
    pass: false,
    inconclusive: expect.stringContaining('not delivered'),
  });
});

test('Requires the expected outcome in each access log line', () => {
  expect(toLogEachAs(lines, history, { status: 200, route: 'default', flags: '' }).pass).toBe(true);
  expect(toLogEachAs(lines, history, { route: 'block_all' })).toMatchObject({
    pass: false,
    observed: expect.stringContaining('3 lines with other values: the line of r-0'),
  });
  const untold = lines.map((line) => without(line, 'route'));
  expect(toLogEachAs(untold, history, { status: 200, route: 'default' }).inconclusive).toBe('the access log has no field route');
  expect(toLogEachAs(untold, history, { status: 200 }).pass).toBe(true);
  expect(toLogEachAs(lines.slice(1), history, { status: 200 }).pass).toBe(false);
  expect(toLogEachAs([...lines, ...lines], history, { status: 200 }).pass).toBe(false);
});

test("Compares proxies' counters with the ledgers, pod by pod", () => {
  const mixed = historyOf([...times(2, answered('v1')), answered('v2', { status: 500 })]);
  const delivered = [
    ...mixed.outcomes.slice(0, 2).map(({ id }) => delivery(id, { pod: 'server-v1' })),
    ...mixed.outcomes.slice(2).map(({ id }) => delivery(id, { pod: 'server-v2' })),
  ];
  const right = { 'server-v1': { requests: 2, failed: 0 }, 'server-v2': { requests: 1, failed: 1 }, mirror: { requests: 0, failed: 0 } };
  expect(toAgreeWithLedger(right, delivered, mixed).pass).toBe(true);
  for (const wrong of [
    { ...right, 'server-v1': { requests: 3, failed: 0 } },
    { ...right, 'server-v2': { requests: 1, failed: 0 } },
    { ...right, mirror: { requests: 1, failed: 0 } },
    { 'server-v1': { requests: 2, failed: 0 } },
  ]) {
    expect(toAgreeWithLedger(wrong, delivered, mixed)).toMatchObject({ pass: false, observed: expect.stringContaining('counted') });
  }
  expect(toAgreeWithLedger({}, []).inconclusive).toBeDefined();
});

test('Compares the request counter series by series', () => {
  const labels = { reporter: 'source', response_code: '200', request_protocol: 'http' };
  const expected = [{ labels: { reporter: 'source', response_code: '200' }, count: 5 }];
  expect(toCountRequests([{ labels, count: 5 }], expected).pass).toBe(true);
  expect(
    toCountRequests(
      [
        { labels, count: 4 },
        { labels: { ...labels, request_protocol: 'grpc' }, count: 1 },
      ],
      expected,
    ).pass,
  ).toBe(true);
  expect(toCountRequests([{ labels, count: 4 }], expected).observed).toContain('4 instead of 5 with labels.reporter="source"');
  expect(toCountRequests([], expected).pass).toBe(false);
  const strange = [
    { labels, count: 5 },
    { labels: { ...labels, response_code: '500' }, count: 1 },
  ];
  expect(toCountRequests(strange, expected).observed).toContain('unexpected: 1 with labels.reporter="source", labels.response_code="500"');
});

test('Requires each given field of a request count, and never matches one that the mesh omits', () => {
  const series = { side: 'server', from: { identity: 'a' }, to: { workload: 'server', namespace: 'shop' }, status: 200, count: 5 } as const;
  expect(toCountRequests([series], [{ side: 'server', to: { workload: 'server' }, count: 5 }]).pass).toBe(true);
  expect(toCountRequests([series], [{ ...series, secured: true }])).toMatchObject({
    pass: false,
    observed: expect.stringContaining('0 instead of 5 with side="server", from.identity="a"'),
  });
  expect(toCountRequests([series], [{ to: { workload: 'server', service: 'server' }, count: 5 }]).pass).toBe(false);
});

test('Judges a redirect by status and address', () => {
  const to = (location: string, status = 301) => ({ kind: 'response' as const, status, headers: { location }, bodyStart: '' });
  const expected = { status: 301, location: 'https://api.example.com/a?b' };
  expect(toRedirect(historyOf(times(3, to(expected.location))), expected).pass).toBe(true);
  expect(toRedirect(historyOf([to(expected.location), to('https://api.example.com/a')]), expected).pass).toBe(false);
  expect(toRedirect(historyOf([to(expected.location, 302)]), expected).pass).toBe(false);
  expect(toRedirect(historyOf([answered()]), expected).observed).toContain('redirected to nowhere');
});

test('Distinguishes certificates by fingerprint', () => {
  const certificate = (fingerprint: string) => ({ host: 'api.example.com', fingerprint, certificate: '', key: '' });
  const shown = (fingerprint: string, distrust = '') => ({ host: 'api.example.com', fingerprint, distrust });
  const [first, next] = [certificate('AA:01'), certificate('BB:02')];
  expect(toPresent([shown('AA:01'), shown('AA:01')], first).pass).toBe(true);
  expect(toPresent([shown('AA:01'), shown('BB:02')], first, next).pass).toBe(true);
  expect(toPresent([shown('AA:01')], first, next).pass).toBe(false);
  expect(toPresent([shown('AA:01'), shown('BB:02')], first).observed).toContain('unexpected certificate');
  expect(toPresent([shown('AA:01', 'CERT_HAS_EXPIRED')], first).observed).toContain('not trusted: CERT_HAS_EXPIRED');
  expect(toPresent([], first).inconclusive).toBeDefined();
});
