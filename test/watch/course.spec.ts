import type { Installation, Move, RunningVersions, UpgradeChange } from '../../clusters/mesh/upgrade.ts';
import { MeshproofError } from '../../clusters/errors.ts';
import { commandsOf, Course, haveReached, stopOf } from '../../scripts/run/upgrade-course.ts';
import { expect, test } from '../kubernetes/on-stand-in.ts';

const RIG = 'meshproof-rig-0';
const DEPLOYMENTS = [`${RIG}/caller`, `${RIG}-neighbour/neighbour`];
const installation = (version: string, place: Installation['place']): Installation => ({
  version,
  place,
  build: { tag: version, extended: true },
});
const [FROM, TO, BACK] = [installation('1.30', 'first'), installation('1.31', 'forward'), installation('1.30', 'rollback')];
const running = (version: string, proxies = version): RunningVersions => ({
  name: 'default',
  controlPlane: [version],
  proxies: new Map([[proxies, 7]]),
});

/** A way that does what is recorded in `done`. */
const way =
  (done: string[], fails?: string): ((installations: { from: Installation; to: Installation }) => Move) =>
  ({ to }) => {
    const change = (title: string): UpgradeChange => ({
      title: `${title} ${to.version}`,
      command: `mesh ${title} ${to.version}`,
      run: async () => {
        if (title === fails) throw new Error(`cannot ${title}`);
        done.push(`${title} ${to.version}`);
      },
    });
    return {
      precheck: async () => ['beware'],
      before: [change('install')],
      labels: { old: null, rev: to.version },
      after: [change('remove others than')],
      running: async () => [running(to.version)],
    };
  };

test.beforeEach(({ server }) => {
  for (const name of [RIG, `${RIG}-neighbour`]) {
    server.put(`/api/v1/namespaces/${name}`, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { old: 'yes' } } });
  }
  for (const [namespace = '', name = ''] of DEPLOYMENTS.map((path) => path.split('/'))) {
    server.put(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace, generation: 1 },
      spec: { replicas: 1, selector: { matchLabels: { app: name } }, template: {} },
      status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 },
    });
  }
});

test('Restarts without an upgrade first, then upgrades, then rolls back', async ({ api, server }) => {
  const done: string[] = [];
  const place = { api, rig: RIG, holdMs: 0, mark: (step: string) => done.push(step) };
  const task = { signal: new AbortController().signal, progress: () => undefined };
  const moveTo = way(done);
  const course = new Course({ ...place, direction: 'forward', from: FROM, to: TO, move: moveTo({ from: FROM, to: TO }) }, task);
  await course.run();
  const back = new Course({ ...place, direction: 'rollback', from: TO, to: BACK, move: moveTo({ from: TO, to: BACK }) }, task);
  await back.run();
  const steps = [...course.steps, ...back.steps];
  expect(steps.map(({ direction, kind }) => `${direction} ${kind}`)).toEqual([
    ...['untouched', 'control', 'untouched'].map((kind) => `before ${kind}`),
    ...['forward', 'rollback'].flatMap((direction) =>
      ['change', 'hold', 'restart', 'hold', 'change', 'hold', 'control', 'hold'].map((kind) => `${direction} ${kind}`),
    ),
  ]);
  expect(done.filter((one) => steps.every(({ name }) => name !== one))).toEqual([]);
  expect(done.indexOf('install 1.31')).toBeLessThan(done.lastIndexOf('install 1.30'));
  expect(course).toMatchObject({ findings: ['beware'], broken: [] });
  expect(back).toMatchObject({ findings: [], broken: [] });
  expect(steps.at(-1)?.running).toEqual(['default: 1.30, proxies 7× 1.30']);
  const namespace = server.objects.get(`/api/v1/namespaces/${RIG}-neighbour`);
  expect(namespace).toMatchObject({ metadata: { labels: { rev: '1.30' } } });
});

test('Keeps what was done until a change fails', async ({ api }) => {
  const move = way([], 'install')({ from: FROM, to: TO });
  const options = { api, rig: RIG, direction: 'forward', from: FROM, to: TO, move, holdMs: 0, mark: () => undefined } as const;
  const course = new Course(options, { signal: new AbortController().signal, progress: () => undefined });
  await expect(course.run()).rejects.toThrow('cannot install');
  expect(course.steps.at(-1)).toMatchObject({ name: 'install 1.31', kind: 'change', running: [] });
});

test('Says at which step it was interrupted, and by what, or which step failed', () => {
  const interrupted = new AbortController();
  const operation = new Error('The operation was aborted');
  expect(stopOf(operation, 'install 1.31', interrupted.signal)).toEqual({
    why: 'in the step "install 1.31": The operation was aborted',
    isInterrupted: false,
  });
  interrupted.abort(new MeshproofError('INTERRUPTED', 'interrupted by SIGINT'));
  expect(stopOf(operation, 'install 1.31', interrupted.signal)).toEqual({
    why: 'interrupted by SIGINT at the step "install 1.31"',
    isInterrupted: true,
  });
  expect(stopOf(operation, undefined, interrupted.signal)).toMatchObject({ why: 'interrupted by SIGINT before the first step' });
});

test('Only counts a version as reached if one control plane and all proxies run it', () => {
  expect(haveReached([running('1.31')], '1.31')).toBe(true);
  for (const other of [
    [],
    [running('1.30')],
    [running('1.31', '1.30')],
    [running('1.31'), running('1.31')],
    [{ ...running('1.31'), proxies: new Map([...running('1.31').proxies, ['1.30', 1]]) }],
    [{ ...running('1.31'), proxies: new Map<string, number>() }],
  ]) {
    expect(haveReached(other, '1.31')).toBe(false);
  }
});

test('Prints the commands of a way in their order', () => {
  expect(commandsOf(way([])({ from: FROM, to: TO }))).toEqual([
    'mesh install 1.31',
    'kubectl label --overwrite namespace NAMESPACE old- rev=1.31',
    'kubectl rollout restart deployment --namespace NAMESPACE',
    'mesh remove others than 1.31',
  ]);
});
