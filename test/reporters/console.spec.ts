import { stripVTControlCharacters } from 'node:util';

import { expect, test } from '@playwright/test';

import { checkLines, endLines } from '../../reporters/console.ts';
import { RunningChecks } from '../../reporters/running.ts';
import { sampleCheck, sampleConformance } from './samples.ts';

/** The runner of these tests requests colours. */
const plain = (lines: readonly string[]) => lines.map((line) => stripVTControlCharacters(line));
const TRACES = { evidence: [], diagnostics: 'report/diagnostics/x' };

test('Prints warnings of passed checks too, and how to inspect and remove what was kept', () => {
  const warnings = [{ phase: 'control' as const, object: 'DestinationRule server', said: 'x is deprecated' }];
  expect(plain(checkLines(sampleCheck({ warnings }), TRACES, process.stdout)).at(-1)).toBe(
    '  warning     DestinationRule server (control): x is deprecated',
  );
  const kept = { namespace: 'rig-0', look: ['kubectl -n rig-0 get pods'], remove: 'npx meshproof down c' };
  expect(plain(checkLines(sampleCheck({ verdict: 'FAIL', reason: 'no', kept }), TRACES, process.stdout)).slice(-4)).toEqual([
    '  rerun       npm test -- --check=security/strict-workload --mesh=istio',
    '  kept        rig-0',
    '  inspect     kubectl -n rig-0 get pods',
    '  remove      npx meshproof down c',
  ]);
});

test('Prints a warning once if the true manifest gets it too', () => {
  const one = { object: 'Gateway g', said: 'old' };
  const warnings = [
    { phase: 'control' as const, ...one },
    { phase: 'check' as const, ...one },
  ];
  expect(plain(checkLines(sampleCheck({ warnings }), TRACES, process.stdout)).slice(1)).toEqual(['  warning     Gateway g: old']);
});

test('Prints what a matcher found, part by part', () => {
  const finding = { matcher: 'toBeDenied', expected: 'every request is refused', observed: '5× 200, 1× 503', confidence: 'exact' };
  const check = sampleCheck({ verdict: 'FAIL', reason: 'toBeDenied does not hold', finding });
  expect(plain(checkLines(check, TRACES, process.stdout)).slice(1, 7)).toEqual([
    '  promise     a STRICT workload refuses plaintext and keeps serving the mesh',
    '  expected    every request is refused',
    '  observed    5× 200, 1× 503',
    '  reason      toBeDenied does not hold',
    '  confidence  exact',
    '  confidence  control red: the check failed under its control (the selector matches nothing)',
  ]);
});

test('Condenses a run to a verdict, failures, omissions, versions and one command for a chat', () => {
  expect(endLines(sampleConformance(), 'report', 'short')).toEqual([
    'meshproof FAIL: 3 of 5 checks proven able to fail; 1 unsupported by design; 6 of 9 assertions failed under a control',
    'INCONCLUSIVE resilience/circuit-breaker-ejects (istio)',
    '  promise: a failing endpoint is ejected, and comes back',
    '  observed: The prober was late: p99 lateness 80 ms, tolerated 20 ms.',
    '  confidence: control skipped',
    'INVALID routing/canary-header (istio)',
    expect.stringMatching(/^ {2}promise: a <b>&"title"<\/b>.*$/),
    '  observed: the control did not fail, so this check proves nothing',
    '  confidence: control green',
    'FAIL routing/mirror-percentage (istio)',
    '  promise: the mirror gets its share of requests',
    '  observed: 129 of 640 mirrored',
    expect.stringMatching(/^ {2}confidence: false alarm at most 0\.000001; control red; share of v2: 0\.2014 of n = 640/),
    'warning: routing/mirror-percentage: VirtualService server: mirrorPercent is deprecated | use mirrorPercentage',
    '1 regressed, 1 fixed, 1 gone since run 11111111 of 2026-01-01',
    '1 check not selected for this run; --suite=all selects every check',
    '2 behaviours not tested yet: 2 for linkerd',
    'istio 1.31.0, node 24.21.0',
    'rerun: npm test -- --check=resilience/circuit-breaker-ejects,routing/canary-header,routing/mirror-percentage --mesh=istio',
    '2 passed, 3 failed, 1 skipped',
  ]);
});

test('Names the checks that did not pass once more at the end of a run, a line each', () => {
  expect(endLines(sampleConformance(), 'report', 'all').slice(0, 5)).toEqual([
    '',
    'INCONCLUSIVE resilience/circuit-breaker-ejects (istio): The prober was late: p99 lateness 80 ms, tolerated 20 ms.',
    'INVALID routing/canary-header (istio): the control did not fail, so this check proves nothing',
    expect.stringMatching(/^FAIL routing\/mirror-percentage \(istio\): /),
    expect.stringMatching(/^3 of 5 checks proven able to fail/),
  ]);
});

test('Names regressions at the end of a run, and ends with the counts alone', () => {
  expect(endLines(sampleConformance(), 'report', 'all').slice(-3)).toEqual([
    '  regressed  routing/mirror-percentage (istio): PASS, now FAIL',
    'report: report',
    '2 passed, 3 failed, 1 skipped',
  ]);
});

test('Names a long-running check and its step every 30 s if output is not a terminal', () => {
  const said: string[] = [];
  let now = 0;
  const running = new RunningChecks({ write: (text: string) => said.push(text) > 0, columns: 80 }, () => now);
  running.begin('routing/a');
  running.enter('routing/a', 'check');
  running.enter('routing/a', 'apply, and wait');
  for (now of [1_000, 29_000, 31_000, 45_000]) running.tick();
  running.leave('routing/a');
  now = 62_000;
  running.tick();
  running.end('routing/a');
  running.tick();
  expect(said).toEqual(['still running: routing/a 31.0 s, apply, and wait\n', 'still running: routing/a 1 min 02 s, check\n']);
});

test('Updates one line on a terminal, and erases it before others write', () => {
  const before = process.env['CI'];
  delete process.env['CI'];
  const said: string[] = [];
  const running = new RunningChecks({ write: (text: string) => said.push(text) > 0, columns: 24, isTTY: true }, () => 1_500);
  running.begin('routing/a');
  running.enter('routing/a', 'a very long step\u001B[2J');
  running.tick();
  running.clear();
  running.clear();
  running.end('routing/a');
  if (before !== undefined) process.env['CI'] = before;
  expect(said).toEqual(['\r\u001B[Krouting/a 0.00 s, a ver', '\r\u001B[K']);
});
