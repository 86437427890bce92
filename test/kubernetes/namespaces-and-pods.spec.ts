import { isReady, type Pod, whyNotReady } from '../../clusters/kubernetes/pods.ts';
import { expect, test } from './on-stand-in.ts';
import type { StandInObject } from './stand-in-api.ts';

const pod = (name: string, status: Pod['status'], more: Record<string, unknown> = {}): StandInObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'a' }, ...more },
  spec: { containers: [] },
  status,
});
const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
const container = { name: 'agent', ready: false, restartCount: 0 };
const podPath = (name: string): string => `/api/v1/namespaces/shop/pods/${name}`;

test('Waits until the expected number of pods is ready and none is terminating', async ({ api, server }) => {
  server.put(podPath('new'), pod('new', ready));
  server.put(podPath('old'), pod('old', ready, { deletionTimestamp: '2026-01-01T00:00:00Z' }));
  await expect(api.podsReady('shop', 'app=a', 1, { timeoutMs: 50 })).rejects.toThrow('1 are ready; old is terminating');
  let looks = 0;
  server.intercept = ({ path }) => {
    if (path.endsWith('/pods') && ++looks === 2) server.objects.delete(podPath('old'));
    return undefined;
  };
  const pods = await api.podsReady('shop', 'app=a', 1, { timeoutMs: 5_000 });
  expect(pods.map(({ metadata }) => metadata.name)).toEqual(['new']);
});

test('Names the container that makes a pod unready', async ({ api, server }) => {
  const waiting = { ...container, restartCount: 2, state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } } };
  server.put(podPath('a'), pod('a', { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', message: 'no node' }] }));
  server.put(podPath('b'), pod('b', { containerStatuses: [waiting] }));
  server.put(podPath('c'), pod('c', { containerStatuses: [{ ...container, state: { terminated: { exitCode: 1, reason: 'Error' } } }] }));
  server.put(podPath('d'), pod('d', { containerStatuses: [container] }));
  server.put(podPath('e'), pod('e', { phase: 'Pending' }));
  const pods = await api.list<Pod>('v1', 'Pod', { namespace: 'shop' });
  expect(pods.some(isReady)).toBe(false);
  expect(pods.map(whyNotReady)).toEqual([
    'a is not scheduled: no node',
    'b container agent is waiting (CrashLoopBackOff) after 2 restarts: back-off',
    'c container agent ended (Error)',
    'd container agent is running but not ready',
    'e is Pending',
  ]);
});

test('Waits for a terminating namespace before creating it again', async ({ api, server }) => {
  const path = '/api/v1/namespaces/shop';
  server.put(path, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', deletionTimestamp: '2026-01-01T00:00:00Z' } });
  let looks = 0;
  server.intercept = ({ method, path: asked }) => {
    if (method === 'GET' && asked === path && ++looks === 2) server.objects.delete(path);
    return undefined;
  };
  await api.createNamespace('shop', { labels: { a: 'b' } });
  expect(looks).toBe(2);
  expect(server.objects.get(path)?.metadata).toMatchObject({ labels: { a: 'b' } });
});

test('Reads logs as text, from a given time', async ({ api, server }) => {
  server.intercept = ({ path }) => (path.endsWith('/log') ? { status: 200, body: 'line 1\nline 2\n' } : undefined);
  const sinceTime = new Date('2026-02-03T04:05:06Z');
  expect(await api.logs({ namespace: 'shop', name: 'a' }, 'agent', { sinceTime, tailLines: 5 })).toBe('line 1\nline 2\n');
  const query = Object.fromEntries(server.requests.at(-1)?.query ?? []);
  expect(query).toEqual({ container: 'agent', sinceTime: '2026-02-03T04:05:06.000Z', tailLines: '5' });
});

test('Sorts events by time, whichever field contains it', async ({ api, server }) => {
  const event = (name: string, fields: Record<string, unknown>): void =>
    server.put(`/api/v1/namespaces/shop/events/${name}`, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name },
      involvedObject: { kind: 'Pod', name: 'a' },
      message: name,
      ...fields,
    });
  event('third', { lastTimestamp: '2026-01-03T00:00:00Z', type: 'Warning', reason: 'BackOff', count: 4 });
  event('first', { lastTimestamp: null, eventTime: '2026-01-01T00:00:00.000000Z' });
  event('second', { lastTimestamp: null, eventTime: null, series: { count: 7, lastObservedTime: '2026-01-02T00:00:00Z' } });
  const events = await api.events('shop');
  expect(events.map(({ message, count }) => `${message} ${count}`)).toEqual(['first 1', 'second 7', 'third 4']);
  expect(events[2]).toMatchObject({ at: '2026-01-03T00:00:00Z', type: 'Warning', reason: 'BackOff', object: 'Pod a' });
});

test('Stops waiting when the signal aborts', async ({ api }) => {
  const abort = new AbortController();
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'never', namespace: 'shop' };
  let looks = 0;
  const waiting = api.waitFor(
    ref,
    'a map',
    (object) => {
      if (++looks === 2) abort.abort(new Error('enough'));
      return object;
    },
    { signal: abort.signal },
  );
  await expect(waiting).rejects.toThrow();
  expect(looks).toBe(2);
});
