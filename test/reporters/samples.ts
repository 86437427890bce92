import { rerunOf } from '../../fixtures/contract/rerun.ts';
import { SCHEMA_VERSION, type Conformance } from '../../fixtures/contract/conformance.ts';
import type { CheckResult, ExaminedCheck, Facts, Statistic } from '../../fixtures/contract/result.ts';

/** Contains everything that has a special meaning in Markdown, XML, HTML, a terminal or a shell. */
export const HOSTILE =
  'a <b>&"title"</b> | with `ticks`, [links](javascript:x), ]]>,\n\u001B[31ma line break, $(id) and <img src=x onerror=window.stolen=1>';

const SHARE: Statistic = {
  name: 'share of v2',
  n: 640,
  observed: 0.1015625,
  expected: 0.1,
  tolerance: 0.05,
  interval: [0.05, 0.17],
  alpha: 1e-6,
  power: 0.999,
  method: 'sprt',
};

export function sampleCheck(changes: Partial<CheckResult> = {}): CheckResult {
  const id = changes.id ?? 'security/strict-workload';
  return {
    id,
    suite: id.split('/')[0] ?? '',
    mesh: 'istio',
    title: 'a STRICT workload refuses plaintext and keeps serving the mesh',
    verdict: 'PASS',
    reason: '',
    control: 'red',
    controlBecause: 'the selector matches nothing',
    controlFindings: [
      { matcher: 'toBeDenied', expected: 'every request is refused', observed: '50 of 50 requests were answered', confidence: 'exact' },
    ],
    enforcementMs: 320,
    durationMs: 3400,
    statistics: [],
    evidence: [],
    rerun: rerunOf({ id, mesh: 'istio', under: changes.under }),
    ...changes,
  };
}

/** What a check with this result attached. */
export function examinedOf({ verdict, reason, finding, control, ...details }: CheckResult): ExaminedCheck {
  const statement = { reason, ...(finding === undefined ? {} : { finding }) };
  const check = { PASS: 'held', FAIL: 'violated', INCONCLUSIVE: 'inconclusive', UNSUPPORTED: 'unsupported', INVALID: 'not run' } as const;
  const facts: Facts = {
    control: { state: control, ...(control === 'green' ? statement : { reason: '' }) },
    check: { state: check[verdict], ...statement },
  };
  return { ...details, facts };
}

/** One check of each verdict on one mesh, one on another, and statistics, evidence, a documentation row and a hostile title. */
export function sampleConformance(): Conformance {
  return {
    schemaVersion: SCHEMA_VERSION,
    run: {
      id: '3f9a0c1d',
      startedAt: '2026-01-02T03:04:05.000Z',
      durationMs: 84_000,
      versions: { istio: '1.31.0', node: '24.21.0' },
      environment: { provider: 'kind', cpus: '2' },
      errors: [],
    },
    timings: { engineMs: null, imagesMs: 1200, clusterMs: 18_000, meshMs: 8000, rigsMs: 7000 },
    checks: [
      sampleCheck({
        id: 'resilience/circuit-breaker-ejects',
        title: 'a failing endpoint is ejected, and comes back',
        verdict: 'INCONCLUSIVE',
        reason: 'The prober was late: p99 lateness 80 ms, tolerated 20 ms.',
        control: 'skipped',
        controlFindings: [],
        docDeviations: [{ documented: 'maxEjectionPercent defaults to 10 %', observed: 'with three endpoints | 10 % ejects nobody' }],
      }),
      sampleCheck({
        id: 'routing/canary-header',
        title: HOSTILE,
        verdict: 'INVALID',
        reason: 'the control did not fail, so this check proves nothing',
        control: 'green',
      }),
      sampleCheck({
        id: 'routing/mirror-percentage',
        title: 'the mirror gets its share of requests',
        verdict: 'FAIL',
        reason: 'toBeMirrored does not hold',
        finding: {
          matcher: 'toBeMirrored',
          expected: '10 % of the requests are mirrored',
          observed: '129 of 640 mirrored',
          confidence: 'false alarm at most 0.000001',
        },
        statistics: [{ ...SHARE, observed: 0.2014, interval: [0.13, 0.28] }],
        evidence: [{ name: 'ledger mirror', phase: 'check', file: 'evidence/routing/mirror-percentage/check-0.ndjson', lines: 129 }],
        warnings: [{ phase: 'check', object: 'VirtualService server', said: 'mirrorPercent is deprecated | use mirrorPercentage' }],
      }),
      sampleCheck({
        id: 'routing/weighted-canary',
        title: 'a 90/10 split holds',
        statistics: [SHARE],
        judgements: [
          { matcher: 'toSplit', line: 12, judged: 1, red: 1 },
          { matcher: 'toContainEachOnce', line: 13, judged: 1, red: 0 },
          { matcher: 'toReachOnly', line: 15, judged: 7, red: 5 },
        ],
      }),
      sampleCheck({
        id: 'routing/weighted-canary',
        mesh: 'linkerd',
        title: 'a 90/10 split holds',
        verdict: 'UNSUPPORTED',
        reason: 'no weights without routes (https://example.org/why)',
        control: 'skipped',
        enforcementMs: null,
      }),
      sampleCheck(),
    ],
    notChosen: [{ id: 'routing/uri-prefix', mesh: 'istio' }],
    planned: [
      { id: 'install/extensions', mesh: 'linkerd', sentence: 'The extension installs, and its *dashboard* answers' },
      { id: 'routing/canary-header', mesh: 'linkerd', sentence: 'A canary header leads to v2' },
    ],
    against: {
      id: '11111111',
      startedAt: '2026-01-01T03:04:05.000Z',
      versions: { istio: '1.30.0' },
      changes: [
        {
          id: 'routing/mirror-percentage',
          mesh: 'istio',
          title: 'the mirror gets its share of requests',
          change: 'regressed',
          before: 'PASS',
          now: 'FAIL',
        },
        { id: 'routing/old', mesh: 'istio', title: 'what nobody needs any more', change: 'gone', before: 'PASS', now: null },
        { id: 'security/strict-workload', mesh: 'istio', title: 'a STRICT workload', change: 'fixed', before: 'INCONCLUSIVE', now: 'PASS' },
      ],
    },
  };
}
