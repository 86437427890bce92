import type { Finding } from '../../fixtures/contract/finding.ts';
import type { TakenPicture } from '../../fixtures/contract/picture.ts';
import type { CheckResult } from '../../fixtures/contract/result.ts';
import type { Judgement } from '../../fixtures/matchers/index.ts';
import { specOf } from './inner-run.ts';
import { bucket, ejection, split, timeline, times } from './sample-pictures.ts';
import { sampleCheck } from './samples.ts';

const findingOf = ({ expected, observed, confidence }: Judgement<string>): Finding => ({
  matcher: 'toEjectAndReadmit',
  expected,
  observed,
  confidence,
});

function taken(control: Judgement<string>, check?: Judgement<string>): Partial<CheckResult> {
  const of = (phase: TakenPicture['phase'], judged?: Judgement<string>): TakenPicture[] =>
    (judged?.pictures ?? []).map((picture) => ({ phase, picture }));
  return {
    controlFindings: control.pass ? [] : [findingOf(control)],
    statistics: check?.statistics ?? [],
    pictures: [...of('control', control), ...of('check', check)],
  };
}

/** A run with every verdict and every kind of picture, of a mesh whose circuit breaker does not work. */
export function gallery(): CheckResult[] {
  const broken = ejection(false);
  return [
    sampleCheck({
      id: 'routing/weighted-canary',
      title: 'A weighted canary sends 10 % of requests to v2 and the rest to v1',
      controlBecause: 'the weights are 80 and 20',
      kinds: ['networking.istio.io/VirtualService', 'networking.istio.io/DestinationRule'],
      ...taken(split(0.2), split(0.1)),
    }),
    sampleCheck({
      id: 'resilience/circuit-breaker-ejects',
      title: 'A failing backend is ejected, returns after the base time, and stays out longer the second time',
      verdict: 'FAIL',
      reason: 'toEjectAndReadmit does not hold',
      finding: findingOf(broken),
      controlBecause: 'outlier detection is off',
      kinds: ['networking.istio.io/DestinationRule'],
      evidence: [
        { name: 'history caller → server', phase: 'check', file: 'evidence/resilience/circuit-breaker-ejects/check-0.ndjson', lines: 900 },
      ],
      ...taken(broken, broken),
    }),
    sampleCheck({
      id: 'resilience/timeout',
      title: 'A request slower than the timeout ends with 504 at the limit; a faster one is answered',
      controlBecause: 'there is no timeout',
      kinds: ['networking.istio.io/VirtualService'],
      ...taken(times(false), times(true)),
    }),
    sampleCheck({
      id: 'resilience/rate-limit-sidecar',
      title: 'A local rate limit admits 100 requests, then one every 600 ms, and spares other workloads',
      controlBecause: 'the filter is on another workload',
      kinds: ['networking.istio.io/EnvoyFilter'],
      docDeviations: [
        {
          documented: 'tokens_per_fill: 100 and fill_interval: 60s give 100 tokens every minute',
          observed: 'the bucket is refilled evenly: one token every 600 ms',
        },
      ],
      ...taken(bucket(false), bucket(true)),
    }),
    sampleCheck({
      id: 'chaos/endpoint-cut-off',
      title: 'An endpoint that is cut off is ejected within two seconds, and used again once it is reachable',
      controlBecause: 'outlier detection is off',
      kinds: ['networking.istio.io/DestinationRule'],
      ...taken(timeline(false), timeline(true)),
    }),
    sampleCheck({
      id: 'routing/uri-prefix',
      title: 'A prefix of the path leads to another version',
      verdict: 'INVALID',
      reason: 'the control did not fail, so this check proves nothing',
      control: 'green',
      controlBecause: 'the prefix is another one',
      kinds: ['networking.istio.io/VirtualService'],
      ...taken(split(0.1)),
    }),
    sampleCheck({
      id: 'routing/smi-split',
      title: 'An SMI TrafficSplit divides the requests',
      verdict: 'UNSUPPORTED',
      reason: 'Istio never took up the SMI API (https://github.com/servicemeshinterface/smi-spec)',
      control: 'skipped',
      controlBecause: 'the weights are others',
      controlFindings: [],
      links: [{ name: 'documentation', url: 'https://github.com/servicemeshinterface/smi-spec' }],
    }),
    sampleCheck({
      id: 'security/strict-workload',
      verdict: 'INCONCLUSIVE',
      reason: 'the prober was late: p99 lateness 80 ms, 20 ms tolerated',
      kinds: ['security.istio.io/PeerAuthentication'],
    }),
    sampleCheck({ id: 'security/identity-certificate', title: 'A workload presents a certificate with its own identity' }),
  ];
}

/** The gallery as spec files. */
export function gallerySpecs(): Record<string, string> {
  const ends = { PASS: '', UNSUPPORTED: 'info.skip(true, "by design");' };
  return Object.fromEntries(
    gallery().map((check) => {
      const end = check.verdict in ends ? ends[check.verdict as keyof typeof ends] : `throw new Error(${JSON.stringify(check.reason)});`;
      return [`${check.id}.spec.ts`, specOf(check, end)];
    }),
  );
}
