import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from '@playwright/test';

import { borrowCluster } from '../../scripts/run/cluster.ts';
import { meshproof, meshproofProcess, PROJECT } from './run.ts';
import { specOf, test, writeKubeconfig, writeSuites } from './suite-folder.ts';

const MANIFEST = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: server }
spec: { host: server, exportTo: ['.'], trafficPolicy: { outlierDetection: { interval: 1s } } }
`;
const BROKEN: readonly [string, Record<string, string>, RegExp][] = [
  ['text that is no YAML', { 'istio.yaml': 'kind: [' }, /istio\.yaml:1:\d+: /],
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

test('everything that is wrong with manifests stops the run before it starts', async ({ folder }) => {
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

test('a spec that does not load stops the run before it starts', async ({ folder }) => {
  const env = await writeSuites(folder, { 's/a.spec.ts': "throw new Error('no control for istio');\n" });
  const { exitCode, stderr } = await meshproof(['test'], env);
  expect(stderr).toMatch(/CHECKS_DO_NOT_LOAD.*no control for istio/);
  expect(exitCode).toBe(2);
});

test('a title that no check has stops the run before it starts', async ({ folder }) => {
  const env = await writeSuites(folder, { 's/a.spec.ts': specOf('s/a', 'PASS') });
  const { exitCode, stderr } = await meshproof(['test', '-g', 'no such title'], env);
  expect(stderr).toContain('error[NO_CHECKS]');
  expect(exitCode).toBe(2);
});

test('--list lists, and --dry-run plans, without a cluster and without a trace', async ({ folder }) => {
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
  expect(await readdir(folder)).toEqual(['node_modules', 'suites']);
});

test('a check that changes the whole mesh of a cluster that exists needs leave', async ({ folder }) => {
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
  expect(allowed.stdout).toMatch(/^check {4}s\/a\ncheck {4}s\/b$/m);
  // Its kubeconfig leads to no server.
  expect(allowed.stdout).toMatch(/^refused /m);
  expect([skipped.exitCode, allowed.exitCode]).toEqual([2, 2]);
});

test('a full disk is said before a cluster is begun', async () => {
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
