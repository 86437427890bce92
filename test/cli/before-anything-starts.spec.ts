import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from '@playwright/test';

import { K6_IMAGE } from '../../clusters/images/recipes/k6.ts';
import { borrowCluster } from '../../scripts/run/cluster.ts';
import { pullLines } from '../../scripts/run/existing-plan.ts';
import { meshproof, meshproofProcess, PROJECT } from './run.ts';
import { describeCluster, specOf, test, writeKubeconfig, writeSuites } from './suite-folder.ts';

const MANIFEST = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: server }
spec: { host: server, exportTo: ['.'], trafficPolicy: { outlierDetection: { interval: 1s } } }
`;
const BROKEN: readonly [string, Record<string, string>, RegExp][] = [
  ['text that is not YAML', { 'istio.yaml': 'kind: [' }, /istio\.yaml:1:\d+: /],
  ['a misspelt field', { 'istio.yaml': MANIFEST.replace('interval', 'intervall') }, /intervall does not exist; did you mean interval\?/],
  ['an unknown kind', { 'istio.yaml': MANIFEST.replace('DestinationRule', 'DestinationRul') }, /there is no kind DestinationRul in/],
  [
    'a control that matches nothing',
    { 'istio.yaml': MANIFEST, 'istio.control.yaml': 'kind: DestinationRule\nmetadata: { name: other }\n' },
    /matches no manifest/,
  ],
  [
    'a control that breaks the schema',
    { 'istio.yaml': MANIFEST, 'istio.control.yaml': 'kind: DestinationRule\nmetadata: { name: server }\nspec: { hots: x }\n' },
    /hots does not exist/,
  ],
];

test('Reports every error in the manifests before anything starts', async ({ folder }) => {
  const files = BROKEN.flatMap(([, made], index) => [
    [`s/${index}.spec.ts`, specOf(`s/${index}`, 'PASS')],
    ...Object.entries(made).map(([name, text]) => [`s/${index}.${name}`, text]),
  ]);
  const env = await writeSuites(folder, Object.fromEntries(files));
  const { exitCode, stderr } = await meshproof(['test'], env);
  for (const [index, [problem, , words]] of BROKEN.entries()) {
    const told = stderr.split('\n').filter((line) => line.includes(`/s/${index}.`));
    expect.soft(told, problem).toEqual([expect.stringMatching(words)]);
  }
  expect(exitCode).toBe(2);
  expect(await readdir(folder)).toEqual(['node_modules', 'suites']);
});

test('Rejects a spec that does not load before anything starts', async ({ folder }) => {
  const env = await writeSuites(folder, { 's/a.spec.ts': "throw new Error('no control for istio');\n" });
  const { exitCode, stderr } = await meshproof(['test'], env);
  expect(stderr).toMatch(/CHECKS_DO_NOT_LOAD.*no control for istio/);
  expect(exitCode).toBe(2);
});

test('Rejects a title that no check has before anything starts', async ({ folder }) => {
  const env = await writeSuites(folder, { 's/a.spec.ts': specOf('s/a', 'PASS') });
  const { exitCode, stderr } = await meshproof(['test', '-g', 'no such title'], env);
  expect(stderr).toContain('error[NO_CHECKS]');
  expect(exitCode).toBe(2);
});

test('Reads and plans only the checks that are in the shard, or that a title selects', async ({ folder }) => {
  const env = await writeSuites(folder, {
    's/a.spec.ts': specOf('s/a', 'PASS'),
    's/b.spec.ts': specOf('s/b', 'PASS'),
    's/b.istio.yaml': MANIFEST.replace('host: server', 'host: $(KNOWN_WHEN_IT_RUNS)'),
  });
  for (const option of ['--shard=1/2', '--grep=s/a']) {
    const { stdout, stderr, exitCode } = await meshproof(['test', '--dry-run', option], env);
    expect(stderr, option).not.toContain('MANIFEST_INVALID');
    expect(stdout.match(/^(check|applies) .*$/gm), option).toEqual(['check    s/a']);
    expect(exitCode, option).toBe(0);
  }
  expect((await meshproof(['test', '--dry-run', '--shard=2/2'], env)).stderr).toContain('$(KNOWN_WHEN_IT_RUNS) is unknown');
});

test('Lists with --list and plans with --dry-run without a cluster, and writes nothing', async ({ folder }) => {
  const env = await writeSuites(folder, {
    's/a.spec.ts': specOf('s/a', 'PASS'),
    't/b.spec.ts': specOf('t/b', 'PASS'),
    't/b.istio.yaml': MANIFEST,
  });
  const list = await meshproofProcess(['test', '--list', '--suite=t'], env);
  expect(list.stdout).toMatch(/b\.spec\.ts/);
  expect(list.stdout).toContain('Total: 1 test in 1 file');
  expect(list.exitCode).toBe(0);
  const plan = await meshproof(['test', '--dry-run', '--workers=2'], env);
  expect(plan.stdout).toMatch(/a kind cluster with 1 node and 2 rigs, removed at the end/);
  expect(plan.stdout).toMatch(/^check +s\/a\ncheck +t\/b\napplies +.*t\/b\.istio\.yaml/m);
  expect(plan.exitCode).toBe(0);
  expect(plan.stdout).not.toContain('fault');
  const under = await meshproof(['test', '--dry-run', '--under=control-plane-down'], env);
  expect(under.stdout).toMatch(/^fault +control-plane-down, .*refuses every connection; no other check runs meanwhile\ncheck +s\/a$/m);
  expect(await readdir(folder)).toEqual(['node_modules', 'suites']);
});

test('Skips a check that changes the whole mesh of an existing cluster unless --allow-mesh-wide is given', async ({ folder }) => {
  const env = await writeSuites(folder, {
    's/a.spec.ts': `import { check } from ${JSON.stringify(join(PROJECT, 'fixtures/index.ts'))};
const control = { because: 'it is about another host', mustFail: { toSucceed: 'answered 403' } } as const;
check('everything changes', { control, exclusive: 'mesh-wide' }, async () => {});
`,
    's/a.istio.yaml': MANIFEST.replace('name: server', 'name: server, namespace: $(ROOT_NAMESPACE)'),
    's/a.istio.control.yaml': 'kind: DestinationRule\nmetadata: { name: server }\nspec: { host: other }\n',
    's/b.spec.ts': specOf('s/b', 'PASS'),
    's/b.istio.yaml': MANIFEST,
  });
  await writeFile(join(folder, 'package.json'), '{"type": "module"}');
  const kubeconfig = await writeKubeconfig(folder, 'staging');
  const existing = ['test', '--dry-run', '--provider=existing', '--context=staging', `--kubeconfig=${kubeconfig}`];
  const skipped = await meshproof(existing, env);
  const allowed = await meshproof([...existing, '--allow-mesh-wide'], env);
  expect(skipped.stdout).toMatch(/^skips {4}s\/a: .*--allow-mesh-wide/m);
  expect(skipped.stdout).toMatch(/^check {4}s\/b$/m);
  expect(allowed.stdout).toMatch(/context staging: 2 rigs/);
  expect(skipped.stdout).toMatch(/^applies .*s\/b\.istio\.yaml/m);
  expect(skipped.stdout).not.toMatch(/^applies .*s\/a\./m);
  expect(allowed.stdout).toMatch(/^applies .*s\/a\.istio\.control\.yaml/m);
  expect(allowed.stdout).toMatch(/^check {4}s\/a\ncheck {4}s\/b$/m);
  const faulty = await meshproof([...existing, '--allow-mesh-wide', '--under=packet-loss'], env);
  expect(faulty.stdout).toMatch(/^skips {4}s\/a: packet-loss is injected on the nodes.*\nskips {4}s\/b: /m);
  expect(faulty.stdout).not.toMatch(/^(fault|check) /m);
  // Its kubeconfig leads to no server.
  expect(allowed.stdout).toMatch(/^refused /m);
  expect([skipped.exitCode, allowed.exitCode]).toEqual([2, 2]);
});

test('Plans the faults of checks, and skips them on an existing cluster unless they are allowed', async ({ folder }) => {
  const fault = (kinds: string) => `import { check } from ${JSON.stringify(join(PROJECT, 'fixtures/index.ts'))};
const control = { because: 'it is about another host', mustFail: { toSucceed: 'answered 403' } } as const;
check('something breaks', { control, faults: [${kinds}] }, async () => {});
`;
  const control = 'kind: DestinationRule\nmetadata: { name: server }\nspec: { host: other }\n';
  const files = ['injector', 'network', 'endpoint'].map((kind) => [
    [`s/${kind}.spec.ts`, fault(`'${kind}'`)],
    [`s/${kind}.istio.yaml`, MANIFEST],
    [`s/${kind}.istio.control.yaml`, control],
  ]);
  const env = await writeSuites(folder, Object.fromEntries(files.flat()));
  await writeFile(join(folder, 'package.json'), '{"type": "module"}');
  const own = await meshproof(['test', '--dry-run'], env);
  expect(own.stdout).toMatch(
    /^breaks {3}endpoint, a sample server fails.*: s\/endpoint\nbreaks {3}network, .*: s\/network\nbreaks {3}injector, /m,
  );
  await describeCluster(folder, 'meshproof-lent', undefined, 'existing');
  const named = await meshproof(['test', '--dry-run', '--cluster=meshproof-lent'], env);
  expect(named.stdout).toMatch(/^breaks {3}endpoint/m);
  expect(named.stdout).not.toMatch(/^breaks {3}(network|injector)/m);
  expect(named.stdout).toMatch(/^skips {4}s\/injector: .*--allow-faults=injector/m);
  const kubeconfig = await writeKubeconfig(folder, 'staging');
  const existing = ['test', '--dry-run', '--provider=existing', '--context=staging', `--kubeconfig=${kubeconfig}`];
  const lent = await meshproof(existing, env);
  expect(lent.stdout).toMatch(/^breaks {3}endpoint/m);
  expect(lent.stdout).not.toMatch(/^breaks {3}(network|injector)/m);
  expect(lent.stdout).toMatch(/^skips {4}s\/injector: .*--allow-faults=injector/m);
  expect(lent.stdout).toMatch(/^skips {4}s\/network: .*on the nodes, which belong to the cluster's owner$/m);
  const allowed = await meshproof([...existing, '--allow-faults=injector'], env);
  expect(allowed.stdout).toMatch(/^breaks {3}injector.*: s\/injector$/m);
  expect(allowed.stdout).toMatch(/^skips {4}s\/network/m);
});

test('Plans the image of the load generator only for checks that use it', async () => {
  const provider = { kind: 'existing', registry: 'registry.example.com/m', pullSecret: 'ci/registry' } as const;
  expect(await pullLines('node:24', provider, false)).toEqual(['pulls    node:24, for the samples, with ci/registry']);
  const k6 = K6_IMAGE.name.replace('docker.io', 'registry.example.com/m');
  expect(await pullLines('node:24', { kind: 'existing', registry: provider.registry }, true)).toEqual([
    'pulls    node:24, for the samples',
    `pulls    ${k6}, for the load generator`,
  ]);
});

test('Reports a full disk before a cluster is created', async () => {
  test.skip(process.platform !== 'linux', 'needs a file system without room');
  const { exitCode, stderr } = await meshproof(['up'], { MESHPROOF_CACHE: '/sys/meshproof' });
  expect(stderr).toMatch(/NO_DISK.*0\.0 GiB free[^]*MESHPROOF_CACHE/);
  expect(exitCode).toBe(3);
  process.env['MESHPROOF_CACHE'] = '/sys/meshproof';
  try {
    const wanted = { mesh: 'istio', provider: { kind: 'kind', nodes: 1 }, images: { from: 'auto' }, engine: false, rigs: 1 } as const;
    await expect(borrowCluster(wanted, true, {})).rejects.toMatchObject({ code: 'NO_DISK' });
  } finally {
    delete process.env['MESHPROOF_CACHE'];
  }
});
