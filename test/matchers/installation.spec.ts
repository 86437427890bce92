import { expect, test } from '@playwright/test';

import { toMatchLogFormat } from '../../fixtures/matchers/access-log-format.ts';
import { toConsistOf } from '../../fixtures/matchers/components.ts';
import { toHaveSettings } from '../../fixtures/matchers/settings.ts';
import { toReport, toFailWith } from '../../fixtures/matchers/tool-answer.ts';
import { toAgreeOnVersion } from '../../fixtures/matchers/versions.ts';
import { answered, historyOf } from './histories.ts';

test('Requires exactly the expected components, all of them ready', () => {
  const component = (name: string, ready = 1, wanted = 1) => ({ name, ready, wanted });
  const judge = (...all: ReturnType<typeof component>[]) => toConsistOf(all, ['istiod', 'ingress']);
  expect(judge(component('istiod'), component('ingress', 2, 2)).pass).toBe(true);
  expect(judge(component('istiod'))).toMatchObject({ pass: false, observed: expect.stringContaining('missing: ingress') });
  expect(judge(component('istiod'), component('ingress'), component('egress')).observed).toContain('unexpected: egress');
  expect(judge(component('istiod', 0), component('ingress')).observed).toContain('istiod has 0 of 1 pods ready');
  expect(judge(component('istiod', 0, 0), component('ingress')).pass).toBe(false);
});

test('Compares each setting, and reports the actual value of a wrong one', () => {
  const settings = { replicas: 1, requests: { cpu: '20m' }, more: true };
  expect(toHaveSettings(settings, { replicas: 1, requests: { cpu: '20m' } }).pass).toBe(true);
  const wrong = toHaveSettings(settings, { replicas: 2, requests: { cpu: '20m', memory: '1Gi' } });
  expect(wrong.pass).toBe(false);
  expect(wrong.observed).toBe('replicas is 1, requests.memory is not set');
  expect(toHaveSettings(settings, {}).inconclusive).toBeDefined();
});

test('Fails on one proxy of another version, out of sync or unreported', () => {
  const proxies = [{ pod: 'shop/a', version: '1', stale: [] as string[] }];
  const report = { client: '1', controlPlane: ['1'], proxies, pods: ['shop/a'] };
  expect(toAgreeOnVersion(report).pass).toBe(true);
  expect(toAgreeOnVersion({ ...report, controlPlane: ['1', '2'] }).observed).toContain('control planes are also 2');
  expect(toAgreeOnVersion({ ...report, client: '2' })).toMatchObject({ pass: true, observed: expect.stringContaining('the tool is 2') });
  const late = { pod: 'shop/late', version: '0', stale: [] };
  expect(toAgreeOnVersion({ ...report, proxies: [...proxies, late] }).observed).toContain('shop/late is 0');
  const stale = { pod: 'shop/a', version: '1', stale: ['Listener STALE'] };
  expect(toAgreeOnVersion({ ...report, proxies: [stale] }).observed).toContain('shop/a (Listener STALE)');
  const untold = toAgreeOnVersion({ ...report, proxies: [{ pod: 'shop/a', version: '1' }] });
  expect(untold.pass).toBe(true);
  expect(untold.expected).not.toContain('in sync');
  expect(toAgreeOnVersion({ ...report, pods: ['shop/a', 'shop/b'] }).observed).toContain('are missing: shop/b');
  expect(toAgreeOnVersion({ ...report, pods: [] }).inconclusive).toBeDefined();
});

test('Requires the expected text in a rejection', () => {
  expect(toFailWith({ exitCode: 1, said: 'profile "x" not found' }, /not found/).pass).toBe(true);
  expect(toFailWith({ exitCode: 0, said: 'profile "x" not found' }, /not found/).pass).toBe(false);
  expect(toFailWith({ exitCode: 1, said: 'connection refused' }, /not found/).pass).toBe(false);
});

test('Requires exactly the expected messages', () => {
  expect(toReport([], []).pass).toBe(true);
  expect(toReport(['IST0141 roles'], [/roles/]).pass).toBe(true);
  expect(toReport([], [/roles/]).observed).toContain('none matches /roles/');
  expect(toReport(['IST0141 roles', 'IST0142 pods'], [/roles/])).toMatchObject({ pass: false });
  expect(toReport(['IST0141 roles'], []).pass).toBe(false);
});

test('Requires every line to match the configured format completely', () => {
  const sent = historyOf([answered(), answered()]);
  const line = (index: number, text: string) => ({ id: sent.outcomes[index]?.id ?? '', text }) as never;
  expect(toMatchLogFormat([line(0, 'GET /'), line(1, 'GET /')], sent, /GET \//).pass).toBe(true);
  expect(toMatchLogFormat([line(0, 'GET /'), line(1, 'GET / HTTP')], sent, /GET \//).observed).toContain('1 line in another format');
  expect(toMatchLogFormat([line(0, 'GET /')], sent, /GET \//).observed).toContain('1 request without a line');
});
