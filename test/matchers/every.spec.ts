import assert from 'node:assert/strict';

import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';

import type { Ending, History } from '../../fixtures/agent/protocol.ts';
import { matchers } from '../../fixtures/matchers/index.ts';
import { answered, byEnvoy, byLinkerd, closed, ENVOY, historyOf, reset, times } from './histories.ts';

const { toSucceed, toHaveStatus, toBeDenied, toBeRejectedWith, toOverflow, toTimeOut, toReachOnly } = matchers;

test('Requires every response to be a success, and counts the others by kind', () => {
  expect(toSucceed(historyOf(times(50, answered())))).toMatchObject({ pass: true });
  const judged = toSucceed(historyOf([...times(48, answered()), ...times(2, ENVOY.unreachable)]));
  expect(judged.pass).toBe(false);
  expect(judged.observed).toContain('48× 200, 2× 503 UF (50 from caller-7d to server:8080)');
  expect(judged.expected).toBe('every request succeeds');
  for (const ending of [reset, closed, ENVOY.timeOut, answered('v1', { status: 500 }), { kind: 'timeout', stage: 'response' } as const]) {
    expect(toSucceed(historyOf([answered(), ending])).pass).toBe(false);
  }
});

test('Judges a gRPC call by its trailer, not by its status 200', () => {
  const order = { protocol: 'grpc' as const };
  expect(toSucceed(historyOf([answered('v1', { grpcStatus: 0 })], order)).pass).toBe(true);
  expect(toSucceed(historyOf([answered('v1', { grpcStatus: 14 })], order)).pass).toBe(false);
  expect(toSucceed(historyOf([answered()], order)).pass).toBe(false);
});

test('Accepts a WebSocket or TCP echo without a server header', () => {
  const echo: Ending = { kind: 'response', status: 200, headers: {}, bodyStart: '' };
  for (const protocol of ['websocket', 'tcp'] as const) expect(toSucceed(historyOf([echo], { protocol })).pass).toBe(true);
});

test('Requires the exact status', () => {
  expect(toHaveStatus(historyOf(times(3, answered('v1', { status: 301 }))), 301).pass).toBe(true);
  expect(toHaveStatus(historyOf([answered('v1', { status: 301 }), answered()]), 301).pass).toBe(false);
  const history = historyOf(times(3, answered('v1', { status: 401 })));
  expect(toHaveStatus(history, 401, { 'x-agent-pod': 'server-v1' }).pass).toBe(true);
  for (const headers of [{ 'x-agent-pod': 'server-v2' }, { 'x-agent-pod': 'server-v1', 'x-other': '' }])
    expect(toHaveStatus(history, 401, headers)).toMatchObject({
      pass: false,
      expected: expect.stringContaining('401, x-agent-pod: server-v'),
    });
});

test('Treats a missing response as denied by transport', () => {
  const tls: Ending = { kind: 'tls', alert: 'certificate_required' };
  expect(toBeDenied(historyOf([reset, closed, tls]), { by: 'transport' })).toMatchObject({ pass: true });
  const others: Ending[] = [answered(), ENVOY.denied, ENVOY.cut, { kind: 'connection-refused' }, { kind: 'timeout', stage: 'connect' }];
  for (const ending of others) expect(toBeDenied(historyOf([reset, ending]), { by: 'transport' }).pass).toBe(false);
  // PERMISSIVE instead of the promised STRICT.
  expect(toBeDenied(historyOf(times(50, answered())), { by: 'transport' }).observed).toContain('50× 200');
});

test("Requires the proxy's mark for a denial by policy, not an application's 403", () => {
  const policy = { by: 'policy' } as const;
  expect(toBeDenied(historyOf(times(5, ENVOY.denied)), policy).pass).toBe(true);
  expect(toBeDenied(historyOf([byEnvoy(403, 'RBAC: access denied', { server: 'istio-envoy' })]), policy).pass).toBe(true);
  const application = toBeDenied(historyOf([ENVOY.denied, answered('v1', { status: 403 })]), policy);
  expect(application.pass).toBe(false);
  expect(application.observed).toContain('1× 403 by the application, 1× 403 RBAC');
  // The text alone proves nothing, because the application may have sent it.
  const forged: Ending = {
    kind: 'response',
    status: 403,
    headers: { 'x-agent-pod': 'server-v1', server: 'envoy' },
    bodyStart: 'RBAC: access denied',
  };
  for (const ending of [forged, byEnvoy(403, 'no entry'), reset, ENVOY.unreachable, byLinkerd(403, 'traffic not allowed')]) {
    expect(toBeDenied(historyOf([ending]), policy).pass).toBe(false);
  }
});

test("Recognises Linkerd's denial: a bare 403, or status 7 over gRPC", () => {
  expect(toBeDenied(historyOf([byLinkerd(403)]), { by: 'policy' }).pass).toBe(true);
  const grpc: Ending = {
    kind: 'response',
    status: 200,
    headers: { 'grpc-message': 'unauthorized request on route' },
    bodyStart: '',
    grpcStatus: 7,
  };
  const istio: Ending = { ...grpc, headers: { server: 'envoy', 'grpc-message': 'RBAC: access denied' } };
  expect(toBeDenied(historyOf([grpc, istio], { protocol: 'grpc' }), { by: 'policy' }).pass).toBe(true);
});

test('Treats a cut TCP connection as a denial by policy', () => {
  const echo: Ending = { kind: 'response', status: 200, headers: {}, bodyStart: '' };
  expect(toBeDenied(historyOf([closed, reset], { protocol: 'tcp' }), { by: 'policy' }).pass).toBe(true);
  expect(toBeDenied(historyOf([closed, echo], { protocol: 'tcp' }), { by: 'policy' }).pass).toBe(false);
});

test('Identifies a rejection by status and flag', () => {
  const cases = [
    [ENVOY.overflow, 503, 'UO'],
    [ENVOY.unreachable, 503, 'UF'],
    [ENVOY.cut, 503, 'UC'],
    [ENVOY.unhealthy, 503, 'UH'],
    [ENVOY.limited, 429, 'RL'],
    [ENVOY.aborted, 500, 'FI'],
    [ENVOY.noToken, 401, 'JWT'],
    [ENVOY.noRoute, 404, 'NR'],
    [ENVOY.denied, 403, 'RBAC'],
    [byLinkerd(503, 'service unavailable'), 503, 'L5D'],
  ] as const;
  for (const [ending, status, flag] of cases) {
    expect(toBeRejectedWith(historyOf([ending]), { status, flag }).pass).toBe(true);
    expect(toBeRejectedWith(historyOf([ending]), { status }).pass).toBe(true);
    expect(toBeRejectedWith(historyOf([ending]), { status, flag: 'LR' }).pass).toBe(false);
    expect(toBeRejectedWith(historyOf([answered('v1', { status })]), { status }).pass).toBe(false);
  }
});

test('Requires exactly the excess requests to overflow', () => {
  const burst = historyOf([...times(2, answered()), ...times(8, ENVOY.overflow)]);
  expect(toOverflow(burst, { exactly: 8 }).pass).toBe(true);
  expect(toOverflow(burst, { exactly: 7 }).pass).toBe(false);
  expect(toOverflow(burst).pass).toBe(false);
  const mixed = historyOf([...times(2, answered()), ENVOY.overflow, ENVOY.unreachable]);
  expect(toOverflow(mixed, { exactly: 1 }).confidence).toContain('1 of this kind, 1 neither');
  expect(toOverflow(mixed, { exactly: 1 }).pass).toBe(false);
});

test('Requires a timeout to come from the proxy, at any time', () => {
  const late = byLinkerd(504, 'HTTP response timeout after 500ms');
  expect(toTimeOut(historyOf([ENVOY.timeOut, late])).pass).toBe(true);
  for (const other of [answered('v1', { status: 504 }), byLinkerd(504, 'service in fail-fast'), answered()]) {
    expect(toTimeOut(historyOf([ENVOY.timeOut, other])).pass).toBe(false);
  }
  expect(toTimeOut(historyOf([])).inconclusive).toBeDefined();
});

test('Reads from the response who answered', () => {
  expect(toReachOnly(historyOf(times(20, answered('v2'))), 'v2').pass).toBe(true);
  const astray = toReachOnly(historyOf([...times(19, answered('v2')), answered('v1')]), 'v2');
  expect(astray.pass).toBe(false);
  expect(astray.observed).toContain('19× v2, 1× v1');
  expect(toReachOnly(historyOf([answered('v2'), ENVOY.unhealthy]), 'v2').observed).toContain('1× 503 UH');
  expect(toReachOnly(historyOf([answered('v2')], { protocol: 'tcp' }), 'v2').inconclusive).toContain('ledgers');
});

const judges = [
  toSucceed,
  toOverflow,
  toTimeOut,
  (history: History) => toHaveStatus(history, 200),
  (history: History) => toBeDenied(history, { by: 'transport' }),
  (history: History) => toReachOnly(history, 'v1'),
];
const endings = fc.constantFrom<Ending>(answered(), reset, ENVOY.overflow, ENVOY.timeOut, answered('v2'));

test('Makes no judgement if the prober was at fault', () => {
  const faults = fc.constantFrom<Ending>({ kind: 'tool', detail: 'socket limit' }, { kind: 'dns' });
  fc.assert(
    fc.property(fc.array(endings), faults, fc.nat(), (list, fault, where) => {
      const history = historyOf(list.toSpliced(where % (list.length + 1), 0, fault));
      for (const judge of judges) {
        assert.equal(judge(history).pass, false);
        assert.ok(judge(history).inconclusive?.includes('the prober was at fault') === true);
      }
    }),
  );
});

test('Makes no judgement without outcomes, or with fewer than ordered', () => {
  for (const judge of judges) {
    expect(judge(historyOf([])).inconclusive).toContain('too few outcomes: 0, 1 needed');
    expect(judge(historyOf([answered()], { count: 2 })).inconclusive).toContain('too few outcomes: 1, 2 needed');
  }
});

/** An open loop of a hundred requests, n of which were sent 1,100 ms late. */
function late(n: number): History {
  const steps = Array.from({ length: 100 }, (_, i) => ({ ending: answered(), dueMs: i, sentMs: i + (i < n ? 1_100 : 1) }));
  return historyOf(steps, { rate: 1_000 });
}

test('Makes no judgement on an open loop that did not keep its rate', () => {
  expect(toSucceed(late(1)).pass).toBe(true);
  expect(toSucceed(late(2)).inconclusive).toContain('1100 ms late');
  expect(toSucceed({ ...late(2), order: { target: 'server:8080' } }).pass).toBe(true);
});

test('Fails on a single exception among any number of successes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 300 }), fc.nat(), (n, where) => {
      const list = times(n, answered());
      assert.equal(toSucceed(historyOf([answered(), ...list])).pass, true);
      assert.equal(toSucceed(historyOf(list.toSpliced(where % (n + 1), 0, reset))).pass, false);
    }),
  );
});

test('Makes no judgement on few requests that met a drain during a change, but fails on many or on other losses', () => {
  const during = (lost: Ending[]) => toSucceed(historyOf([...times(950, answered()), ...lost]), { duringChange: true });
  expect(during([ENVOY.cut]).inconclusive).toContain('1 of 951 requests met a connection that a proxy closed at the end of its drain');
  expect(during([ENVOY.cut, ENVOY.unhealthy]).inconclusive).toBeUndefined();
  expect(during(times(20, ENVOY.cut)).inconclusive).toBeUndefined();
  expect(during([]).pass).toBe(true);
  expect(toSucceed(historyOf([...times(950, answered()), ENVOY.cut])).inconclusive).toBeUndefined();
});
