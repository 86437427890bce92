import type { Ending, History, LedgerEntry, Outcome, ProbeOrder } from '../../fixtures/agent/protocol.ts';

export const STARTED_AT = 1_790_000_000_000;

/** An answer of a sample server. */
export function answered(
  version = 'v1',
  { status = 200, pod = `server-${version}`, grpcStatus }: { status?: number; pod?: string; grpcStatus?: number } = {},
): Ending {
  const headers = { server: 'envoy', 'x-agent-version': version, 'x-agent-pod': pod };
  return { kind: 'response', status, headers, bodyStart: '{}', ...(grpcStatus === undefined ? {} : { grpcStatus }) };
}

/** An answer that Envoy gives itself. */
export function byEnvoy(status: number, bodyStart: string, headers: Record<string, string> = {}): Ending {
  return { kind: 'response', status, headers: { server: 'envoy', ...headers }, bodyStart };
}

/** An answer that Linkerd's proxy gives itself, with its error unless it denies. */
export function byLinkerd(status: number, error?: string): Ending {
  return { kind: 'response', status, headers: error === undefined ? {} : { 'l5d-proxy-error': error }, bodyStart: '' };
}

export const ENVOY = {
  denied: byEnvoy(403, 'RBAC: access denied'),
  overflow: byEnvoy(503, 'upstream connect error or disconnect/reset before headers. reset reason: overflow', {
    'x-envoy-overloaded': 'true',
  }),
  unreachable: byEnvoy(503, 'upstream connect error or disconnect/reset before headers. reset reason: remote connection failure'),
  cut: byEnvoy(503, 'upstream connect error or disconnect/reset before headers. reset reason: connection termination'),
  unhealthy: byEnvoy(503, 'no healthy upstream'),
  timeOut: byEnvoy(504, 'upstream request timeout'),
  limited: byEnvoy(429, 'local_rate_limited'),
  aborted: byEnvoy(500, 'fault filter abort'),
  noToken: byEnvoy(401, 'Jwt is missing'),
  noRoute: byEnvoy(404, ''),
} as const;

export const reset: Ending = { kind: 'reset', when: 'after-send' };
export const closed: Ending = { kind: 'closed', when: 'before-send' };

export type Step = Ending | (Partial<Outcome> & { ending: Ending });

/** A history of these endings, one request every 10 ms that takes 5. */
export function historyOf(steps: readonly Step[], order: Partial<ProbeOrder> = {}): History {
  const outcomes = steps.map((step, i): Outcome => {
    const own = 'ending' in step ? step : { ending: step };
    const dueMs = own.dueMs ?? i * 10;
    const sentMs = own.sentMs ?? dueMs;
    return { id: `r-${i}`, connection: 0, answeredMs: sentMs + 5, ...own, dueMs, sentMs };
  });
  return { from: 'caller-7d', order: { target: 'server:8080', ...order }, startedAt: STARTED_AT, outcomes };
}

/** n times the same. */
export function times(n: number, ending: Ending): Ending[] {
  return Array.from({ length: n }, () => ending);
}

export function delivery(id: string, own: Partial<LedgerEntry> = {}): LedgerEntry {
  const entry: LedgerEntry = {
    id,
    at: STARTED_AT,
    pod: 'server-v1',
    version: 'v1',
    port: 8080,
    protocol: 'http1',
    method: 'GET',
    path: '/',
    headers: { host: 'server:8080' },
    peer: 'spiffe://cluster.local/ns/rig/sa/frontend',
    connection: 0,
  };
  return { ...entry, ...own };
}
