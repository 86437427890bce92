import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test, type TestInfo } from '@playwright/test';

import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { describe, SHARED } from './cluster.ts';
import { runChecks } from './run-checks.ts';
import { explained, meshWideChecks, runningAt, spansOf } from './witness/attribution.ts';
import { showDifference } from './witness/configuration.ts';
import { plantOwner, removeOwner, Witness } from './witness/witness.ts';

/** Checks or suites to run instead of all, as arguments of `meshproof test`, e.g. `--suite=gateway`. */
const CHOICE = (process.env['MESHPROOF_WITNESS'] ?? '').split(' ').filter((word) => word !== '');
const SUITES = join(import.meta.dirname, '../../suites');

let api: KubernetesApi;

test.describe.configure({ mode: 'default' });

test.beforeAll(async () => {
  test.setTimeout(300_000);
  api = await KubernetesApi.open(await describe(SHARED));
  await plantOwner(api);
});

test.afterAll(async () => {
  test.setTimeout(300_000);
  await removeOwner(api);
  api.close();
});

/**
 * Changes that the owner's proxies saw while checks ran, each with the checks that were running, except for those that declare that they
 * change the whole mesh.
 */
async function witnessed(info: TestInfo, args: readonly string[], env: Record<string, string> = {}): Promise<string[]> {
  const report = info.outputPath('report');
  const witness = await Witness.start(api);
  const ended = new AbortController();
  try {
    const watching = witness.watch(ended.signal);
    const run = await runChecks(report, args, env).finally(() => ended.abort());
    await watching;
    await info.attach('console', { body: run.said, contentType: 'text/plain' });
    const [spans, meshWide] = await Promise.all([spansOf(report), meshWideChecks()]);
    expect(spans.length, 'checks that ran').toBeGreaterThan(0);
    info.annotations.push({
      type: 'witness',
      description: `${witness.parts.length} parts, ${witness.readings} pushes read, ${spans.length} checks, ${witness.sightings.length} changes`,
    });
    await info.attach('sightings', { body: JSON.stringify(witness.sightings, null, 2), contentType: 'application/json' });
    return witness.sightings.flatMap(({ at, proxy, differences }) => {
      const running = runningAt(spans, at);
      if (explained(running, meshWide)) return [];
      return differences.map((one) => `${running.join(', ') || 'no check'}: ${proxy}: ${showDifference(one)}`);
    });
  } finally {
    witness.close();
  }
}

test('Reads listeners, routes, clusters, endpoints and secrets of a workload and of a gateway @cluster', async () => {
  test.setTimeout(300_000);
  const witness = await Witness.start(api);
  witness.close();
  const kinds = new Set(witness.parts.map((part) => part.replace(/-[a-z0-9]+-[a-z0-9]+: (\w+) .*/, ' $1')));
  expect([...kinds].toSorted()).toEqual(
    expect.arrayContaining(
      ['cluster', 'endpoints', 'listener', 'route', 'secret'].flatMap((kind) => [`istio-ingressgateway ${kind}`, `till ${kind}`]),
    ),
  );
});

test("Changes nothing in the proxies of the cluster's owner, including an ingress gateway, in any check @cluster", async ({}, info) => {
  test.setTimeout(3_600_000);
  expect(await witnessed(info, CHOICE)).toEqual([]);
});

/** A check, what is removed from its manifest, and what the witness then reports. */
const LEAKS: [id: string, from: RegExp, to: string, words: RegExp][] = [
  [
    'resilience/retries',
    /(hosts: \[half-there\.example\.internal\]\n {2})exportTo: \['\.'\]\n {2}ports/,
    '$1ports',
    /^resilience\/retries: till-\S+: cluster outbound\|8080\|\|half-there\.example\.internal is new/,
  ],
  [
    'gateway/https-redirect',
    /selector: \{ meshproof\.dev\/ingressgateway: \$\(NAMESPACE\) \}/,
    'selector: { istio: ingressgateway }',
    /^gateway\/https-redirect: istio-ingressgateway-\S+: route http\.8080 was .*api\.example\.com/,
  ],
];

for (const [id, from, to, words] of LEAKS) {
  test(`Detects what leaks if ${id} is not confined, and names the check @cluster`, async ({}, info) => {
    test.setTimeout(900_000);
    const suites = info.outputPath('suites');
    await cp(SUITES, suites, { recursive: true });
    const manifest = join(suites, `${id}.istio.yaml`);
    const spec = join(suites, `${id}.spec.ts`);
    const text = await readFile(manifest, 'utf8');
    expect(text).toMatch(from);
    await writeFile(manifest, text.replace(from, to));
    const env = { MESHPROOF_SUITES: suites };
    const refused = await runChecks(info.outputPath('refused'), ['--check', id], env).catch((error: unknown) => String(error));
    expect(refused, 'a manifest that reaches further is refused before anything starts').toMatch(/REACHES_BEYOND_RIG/);

    // Only a check that declares that it changes the whole mesh may do so.
    await writeFile(spec, (await readFile(spec, 'utf8')).replace(/\n {2}\{\n/, '\n  {\n    exclusive: "mesh-wide",\n'));
    const found = await witnessed(info, ['--no-control', '--check', id], env);
    expect(
      found.filter((line) => words.test(line)),
      found.join('\n'),
    ).not.toEqual([]);
    expect(found.filter((line) => !line.startsWith(`${id}: `))).toEqual([]);
  });
}
