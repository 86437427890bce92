import { isDeepStrictEqual } from 'node:util';

import { expect, test } from '@playwright/test';

import type { ObjectApi } from '../../clusters/kubernetes/object-api.ts';
import { mergePatch } from '../../clusters/kubernetes/merge-patch.ts';
import { IstioInjector } from '../../clusters/istio/injector.ts';

interface Webhook {
  name: string;
  failurePolicy: string;
  clientConfig: { caBundle: string; service?: { name: string; path: string }; url?: string };
}
interface Configuration {
  metadata: { name: string; labels: Record<string, string>; annotations?: Record<string, string> };
  webhooks: Webhook[];
}
interface Operation {
  op: 'test' | 'replace';
  path: string;
  value: unknown;
}

const webhook = (name: string, service = 'istiod'): Webhook => ({
  name,
  failurePolicy: 'Fail',
  clientConfig: { caBundle: 'abc', service: { name: service, path: '/inject' } },
});

const installed = (): Configuration[] => [
  { metadata: { name: 'tag', labels: { app: 'sidecar-injector' } }, webhooks: [webhook('namespace.istio.io'), webhook('object.istio.io')] },
  { metadata: { name: 'rev', labels: { app: 'sidecar-injector' } }, webhooks: [webhook('namespace.istio.io', 'istiod-canary')] },
  { metadata: { name: 'another-product', labels: {} }, webhooks: [webhook('another.product.io', 'elsewhere')] },
];

/** Webhook configurations as stored by an API server. It can be made to fail before any of its patches. */
class Stored {
  configurations: Configuration[];
  patches = 0;
  diesAt = Infinity;

  constructor(configurations: Configuration[] = installed()) {
    this.configurations = configurations;
  }

  get injector(): IstioInjector {
    const tool = () => Promise.reject(new Error('no tool is needed'));
    return new IstioInjector(this as unknown as ObjectApi, tool, async () => 'default');
  }

  services(): string[] {
    return this.configurations.flatMap(({ webhooks }) => webhooks.map(({ clientConfig }) => clientConfig.service?.name ?? 'a URL'));
  }

  async list(_version: string, _kind: string, { labelSelector }: { labelSelector: string }): Promise<Configuration[]> {
    const [label = '', value] = labelSelector.split('=');
    return structuredClone(this.configurations.filter(({ metadata }) => metadata.labels[label] === value));
  }

  async patch({ name }: { name: string }, patch: unknown, { type = 'merge' }: { type?: string } = {}): Promise<void> {
    if (this.patches++ >= this.diesAt) throw new Error('killed');
    const at = this.configurations.findIndex(({ metadata }) => metadata.name === name);
    const old = structuredClone(this.configurations[at]);
    this.configurations[at] = (type === 'merge' ? mergePatch(old, patch) : jsonPatched(old, patch as Operation[])) as Configuration;
  }
}

function jsonPatched(target: unknown, operations: readonly Operation[]): unknown {
  for (const { op, path, value } of operations) {
    const keys = path.slice(1).split('/');
    const last = keys.pop() ?? '';
    const parent = keys.reduce((node, key) => (node as Record<string, unknown>)[key], target) as Record<string, unknown>;
    if (op === 'replace') parent[last] = value;
    else if (!isDeepStrictEqual(parent[last], value)) throw new Error(`the test of ${path} failed`);
  }
  return target;
}

/** An empty map of annotations is equivalent to none. */
const withoutEmpty = (configurations: readonly Configuration[]): unknown =>
  JSON.parse(JSON.stringify(configurations).replaceAll(',"annotations":{}', ''));

test('Makes every webhook of the mesh call a missing Service, and changes nothing else', async () => {
  const stored = new Stored();
  await stored.injector.disable('run', 'run-rig-0');
  expect(new Set(stored.services().slice(0, 3))).toEqual(new Set(['meshproof-nobody']));
  expect(stored.configurations[2]).toEqual(installed()[2]);
  expect(stored.configurations[0]?.webhooks[0]).toMatchObject({
    failurePolicy: 'Fail',
    clientConfig: { caBundle: 'abc', service: { path: '/inject' } },
  });
});

test('Does not disable the injectors of other revisions', async () => {
  const labels = { app: 'sidecar-injector', 'istio.io/rev': 'canary' };
  const others = { metadata: { name: 'canary', labels }, webhooks: [webhook('namespace.istio.io', 'istiod-of-others')] };
  const stored = new Stored([...installed(), others]);
  await stored.injector.disable('run', 'run-rig-0');
  expect(stored.configurations.at(-1)).toEqual(others);
  expect(stored.services().at(0)).toBe('meshproof-nobody');
  const alone = new Stored([others]);
  await expect(alone.injector.disable('run', 'run-rig-0')).rejects.toMatchObject({ code: 'INJECTOR_MISSING' });
});

test('Restores everything from another process', async () => {
  const stored = new Stored();
  await stored.injector.disable('run', 'run-rig-0');
  await new Stored().injector.restore('run');
  await stored.injector.restore('run');
  expect(withoutEmpty(stored.configurations)).toEqual(installed());
});

test('Restores everything, wherever disabling or restoring was interrupted', async () => {
  const whole = new Stored();
  await whole.injector.disable('run', 'run-rig-0');
  const cutting = whole.patches;
  await whole.injector.restore('run');
  for (let diesAt = 0; diesAt < whole.patches; diesAt++) {
    const stored = new Stored();
    stored.diesAt = diesAt;
    await stored.injector.disable('run', 'run-rig-0').catch(() => undefined);
    if (diesAt >= cutting) await expect(stored.injector.restore('run')).rejects.toThrow('killed');
    stored.diesAt = Infinity;
    await stored.injector.restore('run');
    expect(withoutEmpty(stored.configurations), `killed before patch ${diesAt}`).toEqual(installed());
  }
});

test('Restores the common Service of a webhook that was renamed', async () => {
  const stored = new Stored();
  await stored.injector.disable('run', 'run-rig-0');
  for (const one of stored.configurations[0]?.webhooks ?? []) one.name = `rev.${one.name}`;
  await stored.injector.restore('run');
  expect(stored.services()).toEqual(['istiod', 'istiod', 'istiod-canary', 'elsewhere']);
});

test('Reports a lost record for as long as the mark remains, and restores the rest', async () => {
  for (const record of [undefined, '{', '{"object.istio.io":"istiod","other.istio.io":"istiod-canary"}']) {
    const stored = new Stored();
    await stored.injector.disable('run', 'run-rig-0');
    const [{ metadata }] = stored.configurations as [Configuration];
    if (record === undefined) delete metadata.annotations;
    else metadata.annotations = { 'meshproof.dev/injector-before': record };
    for (let times = 0; times < 2; times++) {
      await expect(stored.injector.restore('run')).rejects.toMatchObject({ code: 'INJECTOR_CUT', message: expect.stringContaining('tag') });
    }
    expect(stored.services()[0]).toBe('meshproof-nobody');
    expect(stored.services().slice(2)).toEqual(['istiod-canary', 'elsewhere']);
    metadata.labels = { app: 'sidecar-injector' };
    await expect(stored.injector.disable('run', 'run-rig-0')).rejects.toMatchObject({ code: 'INJECTOR_CUT' });
  }
});

test('Does not restore what another cluster of meshproof has disabled', async () => {
  const stored = new Stored();
  await stored.injector.disable('other', 'other-rig-0');
  const before = stored.services();
  await stored.injector.restore('run');
  expect(stored.services()).toEqual(before);
  await expect(stored.injector.disable('run', 'run-rig-0')).rejects.toMatchObject({
    code: 'INJECTOR_CUT',
    message: expect.stringContaining('other'),
  });
});

test('Refuses to disable an injector that is missing or outside the cluster', async () => {
  const external: Configuration[] = [
    {
      metadata: { name: 'tag', labels: { app: 'sidecar-injector' } },
      webhooks: [{ name: 'a', failurePolicy: 'Fail', clientConfig: { caBundle: '', url: 'https://istiod.example/inject' } }],
    },
  ];
  const stored = new Stored(external);
  await expect(stored.injector.disable('run', 'run-rig-0')).rejects.toMatchObject({ code: 'INJECTOR_ELSEWHERE' });
  expect(stored.patches).toBe(0);
  await expect(new Stored([]).injector.disable('run', 'run-rig-0')).rejects.toMatchObject({ code: 'INJECTOR_MISSING' });
});
