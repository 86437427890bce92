import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';

import { expect } from '@playwright/test';

import type { ClusterDescription } from '../../clusters/cluster.ts';
import { requireRights, type ClusterInspection } from '../../clusters/existing/inspection.ts';
import type { UpOptions } from '../../clusters/provider.ts';
import { clusters } from '../../clusters/registry/description.ts';
import { findCluster } from '../../scripts/run/cluster.ts';
import { StandInApi } from '../kubernetes/stand-in-api.ts';
import { meshproof } from './run.ts';
import { specOf, test as base, writeSuites } from './suite-folder.ts';

const HOSTILE = '\u001B]52;c;ZXZpbA==\u0007\u001B[2J\u202Enobody';

/** Two clusters whose kubeconfigs call everything by the same name, and rigs that `up` left in the first. */
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

test('rigs in another cluster are not taken for one whose context is called the same', async ({
  folder,
  alpha,
  beta,
  kubeconfig,
  left,
}) => {
  await left();
  expect(await found(folder, await kubeconfig(alpha))).toBe('meshproof-alpha');
  expect(await found(folder, await kubeconfig(beta))).toBeUndefined();
  await expect(found(folder, await kubeconfig(beta), { name: 'meshproof-alpha' })).rejects.toMatchObject({
    code: 'OTHER_CLUSTER',
    exitCode: 2,
  });
  expect(await found(folder, await kubeconfig(alpha), { name: 'meshproof-alpha' })).toBe('meshproof-alpha');
});

test('where the cluster does not tell who it is, address and authority together do, and neither alone', async ({
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
  // Nothing vouches for who answers there.
  await left({}, { server: alpha.address });
  expect(await found(folder, await kubeconfig(alpha))).toBeUndefined();
  const unverified = { server: 'https://127.0.0.1:1', 'insecure-skip-tls-verify': true };
  await left({}, unverified);
  expect(await found(folder, await kubeconfig(alpha, unverified))).toBeUndefined();
});

test('rigs in namespaces of the owner are for those who name them, and our own for all others', async ({
  folder,
  alpha,
  kubeconfig,
  left,
}) => {
  const config = await kubeconfig(alpha);
  await left({ preprovisioned: true, rigs: ['lent-rig-0'] });
  expect(await found(folder, config)).toBeUndefined();
  expect(await found(folder, config, {}, 'lent')).toBe('meshproof-alpha');
  await left({ preprovisioned: false, rigs: ['lent-rig-0'] });
  expect(await found(folder, config)).toBe('meshproof-alpha');
  expect(await found(folder, config, {}, 'lent')).toBeUndefined();
});

test('a plan names the server, of rigs that are there and of those that are not', async ({ folder, alpha, beta, kubeconfig, left }) => {
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

test('the doctor names the server, and what it says cannot steer the terminal', async ({ folder, alpha, kubeconfig }) => {
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

test('what a hostile server refuses with cannot steer the terminal', async ({ folder, alpha, kubeconfig }) => {
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

test('a command that is to be pasted quotes a context’s name', () => {
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
