import { expect, test } from '@playwright/test';

import type { Pod } from '../../clusters/kubernetes/pods.ts';
import { lapsesBetween, type EndpointSlice } from '../../fixtures/check/lapses.ts';
import { podOf, sliceOf } from './rig-pods.ts';

const samples = new Set(['server-v1', 'server-v2']);
const [one, two] = [podOf('server-v1'), podOf('server-v2')];
const between = (after: Pod[], { before = [one, two], disturbed = [] as string[], slices = [[], []] as EndpointSlice[][] } = {}) =>
  lapsesBetween(
    { pods: before, slices: slices[0] ?? [] },
    { pods: after, slices: slices[1] ?? [] },
    { samples, disturbed: new Set(disturbed) },
  );

test('Accepts samples that stay ready and are not replaced', () => {
  expect(between([one, two])).toEqual([]);
  expect(between([two, one, podOf('deployed')])).toEqual([]);
});

test('Names a sample that is or was not ready, with the time', () => {
  expect(between([one, podOf('server-v2', { ready: false })])).toEqual(['server-v2 container app is running but not ready']);
  expect(between([one, podOf('server-v2', { since: '2026-11-29T12:00:05Z' })])).toEqual(['server-v2 was not ready, until 12:00:05 UTC']);
});

test('Names a restarted container with the reason', () => {
  const killed = podOf('server-v2', { container: { containerID: 'b', restartCount: 1, reason: 'OOMKilled' } });
  expect(between([one, killed])).toEqual(['container app of server-v2 restarted (OOMKilled, exit code 137)']);
  // When a pod's sandbox is recreated, the restart count stays the same.
  expect(between([one, podOf('server-v2', { container: { containerID: 'b' } })])).toEqual(['container app of server-v2 restarted']);
});

test('Reports a sample that was replaced as gone', () => {
  expect(between([one])).toEqual(['server-v2 is gone']);
  expect(between([one, podOf('server-v2', { uid: 'another' })])).toEqual(['server-v2 is gone']);
  expect(between([one, podOf('server-v2', { deleting: true })])).toEqual(['server-v2 is gone']);
});

test('Ignores what the check disturbs, creates and removes itself', () => {
  expect(between([one, podOf('server-v2', { ready: false })], { disturbed: ['server-v2'] })).toEqual([]);
  expect(between([one, two], { before: [one, two, podOf('deployed')] })).toEqual([]);
  expect(between([one, two, podOf('deployed', { deleting: true })], { before: [one, two, podOf('deployed')] })).toEqual([]);
  // A pod that is there throughout must stay ready: a gateway matters as much as a sample.
  const gateway = [podOf('ingressgateway'), podOf('ingressgateway', { since: '2026-11-29T12:00:09Z' })] as const;
  expect(between([one, two, gateway[1]], { before: [one, two, gateway[0]] })).toEqual(['ingressgateway was not ready, until 12:00:09 UTC']);
  // A pod that was never ready may stay so.
  const broken = podOf('broken', { ready: false });
  expect(between([one, two, broken], { before: [one, two, broken] })).toEqual([]);
});

test('Requires a sample to be an endpoint of its Services', () => {
  const all = [sliceOf('server', 'server-v1', 'server-v2'), sliceOf('server-v2', 'server-v2')];
  expect(between([one, two], { slices: [all, all.toReversed()] })).toEqual([]);
  const fewer = [sliceOf('server', 'server-v1'), sliceOf('server-v2', 'server-v2')];
  expect(between([one, two], { slices: [all, fewer] })).toEqual(['server-v2 is not an endpoint of the Service server']);
  expect(between([one, two], { slices: [all, fewer], disturbed: ['server-v2'] })).toEqual([]);
  expect(between([one, two], { slices: [[...all, sliceOf('own', 'deployed')], all] })).toEqual([]);
});
