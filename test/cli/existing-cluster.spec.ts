import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';

import { expect } from '@playwright/test';

import type { ClusterDescription } from '../../clusters/cluster.ts';
import { requireRights, type ClusterInspection } from '../../clusters/existing/inspection.ts';
import type { UpOptions } from '../../clusters/provider.ts';
import { clusters } from '../../clusters/registry/description.ts';
import { findCluster } from '../../scripts/run/cluster.ts';
import type { Finding } from '../../scripts/doctor/finding.ts';
import { StandInApi } from '../kubernetes/stand-in-api.ts';
import { meshproof } from './run.ts';
import { specOf, test as base, writeSuites } from './suite-folder.ts';

const HOSTILE = '\u001B]52;c;ZXZpbA==\u0007\u001B[2J\u202Enobody';

/** Two clusters whose kubeconfigs use the same name for everything, and rigs that `up` left in the first. */
interface Two {
  alpha: StandInApi;
  beta: StandInApi;
  /** Writes a kubeconfig whose only context is `default`, and returns its path. */
  kubeconfig: (api: StandInApi, cluster?: object) => Promise<string>;
  left: (description?: Partial<ClusterDescription>, cluster?: object) => Promise<void>;
}

const UID = '/api/v1/namespaces/kube-system';

async function startCluster(uid: string): Promise<StandInApi> {
  const api = await StandInApi.start();
  api.put(UID, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid } });
  return api;
}

const test = base.extend<Two>({
  // oxlint-disable-next-line no-empty-pattern -- the runner reads the names of what a fixture uses from this pattern
  alpha: async ({}, use) => {
    const api = await startCluster('uid-of-alpha');
    await use(api);
    await api.stop();
  },
  // oxlint-disable-next-line no-empty-pattern -- the runner reads the names of what a fixture uses from this pattern
  beta: async ({}, use) => {
    const api = await startCluster('uid-of-beta');
    await use(api);
    await api.stop();
  },
  kubeconfig: async ({ folder }, use) => {
    let count = 0;
    await use(async (api, cluster = {}) => {
      const file = join(folder, `k3s-${++count}.yaml`);
      await writeFile(
        file,
        JSON.stringify({
          clusters: [{ name: 'default', cluster: { server: api.address, ...cluster } }],
          users: [{ name: 'default', user: { token: 'open-sesame' } }],
          contexts: [{ name: 'default', context: { cluster: 'default', user: 'default' } }],
        }),
      );
      return file;
    });
  },
  left: async ({ folder, alpha, kubeconfig }, use) => {
    await use(async (more = {}, cluster) => {
      const place = join(folder, 'cache-state', 'clusters', 'meshproof-alpha');
      await mkdir(place, { recursive: true });
      const description = {
        name: 'meshproof-alpha',
        provider: 'existing',
        kubeconfig: await kubeconfig(alpha, cluster),
        context: 'default',
        mesh: 'istio',
        rigs: ['meshproof-alpha-rig-0'],
        preprovisioned: false,
        uid: 'uid-of-alpha',
        versions: {},
        timings: {},
        ...more,
      };
      await writeFile(join(place, 'cluster.json'), JSON.stringify(description));
    });
  },
});

async function found(folder: string, kubeconfig: string, more: Partial<UpOptions> = {}, namespaces?: string): Promise<string | undefined> {
  const before = process.env['MESHPROOF_CACHE'];
  process.env['MESHPROOF_CACHE'] = join(folder, 'cache');
  try {
    const provider = { kind: 'existing', kubeconfig, context: 'default', ...(namespaces === undefined ? {} : { namespaces }) } as const;
    const wanted: UpOptions = { mesh: 'istio', provider, images: { from: 'auto' }, engine: false, rigs: 1, ...more };
    return (await findCluster(await clusters(), wanted))?.name;
  } finally {
    if (before === undefined) delete process.env['MESHPROOF_CACHE'];
    else process.env['MESHPROOF_CACHE'] = before;
  }
}

test('Does not use rigs in another cluster whose context has the same name', async ({ folder, alpha, beta, kubeconfig, left }) => {
  await left();
  expect(await found(folder, await kubeconfig(alpha))).toBe('meshproof-alpha');
  expect(await found(folder, await kubeconfig(beta))).toBeUndefined();
  await expect(found(folder, await kubeconfig(beta), { name: 'meshproof-alpha' })).rejects.toMatchObject({
    code: 'OTHER_CLUSTER',
    exitCode: 2,
  });
  expect(await found(folder, await kubeconfig(alpha), { name: 'meshproof-alpha' })).toBe('meshproof-alpha');
});

test('Identifies a cluster that hides its UID by address and authority together, and by neither alone', async ({
  folder,
  alpha,
  kubeconfig,
  left,
}) => {
  alpha.intercept = ({ path }) => (path === UID ? { status: 403, body: { kind: 'Status', message: 'no', code: 403 } } : undefined);
  const [one, other] = rootCertificates.slice(0, 2).map((pem) => {
    return { server: 'https://127.0.0.1:1', 'certificate-authority-data': Buffer.from(pem).toString('base64') };
  });
  await left({}, one);
  expect(await found(folder, await kubeconfig(alpha, one))).toBe('meshproof-alpha');
  expect(await found(folder, await kubeconfig(alpha, other))).toBeUndefined();
  expect(await found(folder, await kubeconfig(alpha, { ...one, server: 'https://127.0.0.1:1/k8s/clusters/c-2' }))).toBeUndefined();
  // Without an authority, nothing proves which cluster answers there.
  await left({}, { server: alpha.address });
  expect(await found(folder, await kubeconfig(alpha))).toBeUndefined();
  const unverified = { server: 'https://127.0.0.1:1', 'insecure-skip-tls-verify': true };
  await left({}, unverified);
  expect(await found(folder, await kubeconfig(alpha, unverified))).toBeUndefined();
});

test("Uses rigs in the owner's namespaces only if these are named, and its own otherwise", async ({ folder, alpha, kubeconfig, left }) => {
  const config = await kubeconfig(alpha);
  await left({ preprovisioned: true, rigs: ['lent-rig-0'] });
  expect(await found(folder, config)).toBeUndefined();
  expect(await found(folder, config, {}, 'lent')).toBe('meshproof-alpha');
  await left({ preprovisioned: false, rigs: ['lent-rig-0'] });
  expect(await found(folder, config)).toBe('meshproof-alpha');
  expect(await found(folder, config, {}, 'lent')).toBeUndefined();
});

test('Names the server in a plan, whether its rigs exist or not', async ({ folder, alpha, beta, kubeconfig, left }) => {
  test.slow();
  await left();
  const env = await writeSuites(folder, { 's/a.spec.ts': specOf('s/a', 'PASS') });
  const plan = (file: string) => ['test', '--dry-run', '--provider=existing', '--context=default', `--kubeconfig=${file}`];
  const one = await meshproof(plan(await kubeconfig(alpha)), env);
  const other = await meshproof(plan(await kubeconfig(beta)), env);
  expect(one.stdout).toContain(`cluster  meshproof-alpha (context default at ${alpha.address}) is reused and kept\n`);
  expect(other.stdout).toContain(`cluster  context default at ${beta.address}: 2 rigs`);
  expect(other.stdout).not.toContain('meshproof-alpha');
});

test('Names the server in doctor, and removes control characters from its answers', async ({ folder, alpha, kubeconfig }) => {
  test.slow();
  const env = await writeSuites(folder, { 's/a.spec.ts': specOf('s/a', 'PASS') });
  alpha.intercept = ({ path }) => {
    if (path === '/version') return { status: 200, body: { gitVersion: `v1.35.4${HOSTILE}` } };
    if (path.endsWith('/selfsubjectreviews')) return { status: 201, body: { status: { userInfo: { username: HOSTILE } } } };
    if (path.endsWith('/selfsubjectaccessreviews')) return { status: 201, body: { status: { allowed: false } } };
    return path.endsWith('/api/v1') ? undefined : { status: 403, body: { kind: 'Status', message: HOSTILE } };
  };
  const file = await kubeconfig(alpha);
  const existing = ['--provider=existing', '--context=default', `--kubeconfig=${file}`];
  for (const output of ['text', 'json']) {
    const { stdout, stderr } = await meshproof(['doctor', `--output=${output}`, ...existing], env);
    expect(stdout).toContain(`at ${alpha.address} (context default)`);
    expect(stdout).toContain('nobody');
    expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}/u);
  }
});

test('Reports a missing or unsuitable pull Secret in doctor, even if the namespaces do not exist yet', async ({
  folder,
  alpha,
  kubeconfig,
}) => {
  test.slow();
  const env = await writeSuites(folder, { 's/a.spec.ts': specOf('s/a', 'PASS') });
  let secret: object | undefined;
  alpha.intercept = ({ path }) => {
    if (path === '/version') return { status: 200, body: { gitVersion: 'v1.35.4' } };
    if (path.endsWith('/selfsubjectreviews')) return { status: 201, body: { status: { userInfo: { username: 'me' } } } };
    if (path.endsWith('/selfsubjectaccessreviews')) return { status: 201, body: { status: { allowed: true } } };
    if (path.endsWith('/secrets/registry') && secret !== undefined) return { status: 200, body: secret };
    return undefined;
  };
  alpha.kinds.get('v1')?.push({ name: 'secrets', kind: 'Secret', namespaced: true });
  const existing = ['--provider=existing', '--context=default', `--kubeconfig=${await kubeconfig(alpha)}`];
  const examine = async (type?: string): Promise<Finding | undefined> => {
    secret =
      type === undefined
        ? undefined
        : { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'registry' }, type, data: { '.dockerconfigjson': 'e30=' } };
    const { stdout } = await meshproof(['doctor', '--output=json', '--pull-secret=ci/registry', ...existing], env);
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    return findings.find(({ check }) => check.includes('Secret'));
  };
  expect(await examine()).toMatchObject({ status: 'failed', seen: expect.stringContaining('ci/registry does not exist') });
  expect(await examine('Opaque')).toMatchObject({ status: 'failed', seen: expect.stringContaining('is of type Opaque') });
  expect(await examine('kubernetes.io/dockerconfigjson')).toMatchObject({ status: 'ok', seen: 'ci/registry' });
});

test('Removes control characters from the refusals of a hostile server', async ({ folder, alpha, kubeconfig }) => {
  test.slow();
  alpha.intercept = () => ({ status: 403, body: { kind: 'Status', message: HOSTILE } });
  const env = await writeSuites(folder, { 's/a.spec.ts': specOf('s/a', 'PASS') });
  const existing = ['--provider=existing', '--context=default', `--kubeconfig=${await kubeconfig(alpha)}`];
  const lines = [
    ['up', ...existing],
    ['test', '--dry-run', ...existing],
  ];
  for (const words of lines) {
    const { stdout, stderr } = await meshproof(words, { ...env, MESHPROOF_DEBUG: '1' });
    expect(stdout + stderr).toContain('nobody');
    expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}/u);
  }
});

test("Quotes a context's name in a command to paste", () => {
  const right = { where: 'rig', group: '', resource: 'pods', verbs: ['get'], purpose: 'see' } as const;
  const found: ClusterInspection = {
    rigs: [],
    preprovisioned: false,
    account: 'me',
    mesh: '',
    denied: [{ verb: 'get', right, namespace: 'a' }],
  };
  expect(() => requireRights(found, 'staging (do not delete)')).toThrow(
    expect.objectContaining({ hint: expect.stringContaining("--context='staging (do not delete)' lists them all") }),
  );
});
