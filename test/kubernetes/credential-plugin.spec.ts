import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';

import { CredentialPlugin } from '../../clusters/kubernetes/credential-plugin.ts';
import { expect, NAME, test } from './on-listener.ts';

test('a credential plug-in beside its kubeconfig is found there, and told of the cluster when it asks for that', async ({
  open,
  secure,
  authority,
}, info) => {
  mkdirSync(info.outputPath('kube', 'bin'), { recursive: true });
  const plugin = info.outputPath('kube', 'bin', 'plugin');
  const said = `process.stdout.write(JSON.stringify({ status: { token: Buffer.from(process.env.KUBERNETES_EXEC_INFO).toString('base64') } }))`;
  writeFileSync(plugin, `#!/bin/sh\nexec '${process.execPath}' -e "${said}"\n`);
  chmodSync(plugin, 0o755);
  writeFileSync(info.outputPath('kube', 'ca.crt'), authority.root);
  const cluster = {
    server: `https://127.0.0.1:${secure.port}`,
    'certificate-authority': 'ca.crt',
    'tls-server-name': NAME,
    extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'mesh' } }],
  };
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './bin/plugin', interactiveMode: 'Never', env: null };
  for (const provideClusterInfo of [true, false]) await (await open(cluster, { exec: { ...exec, provideClusterInfo } })).version();
  const told = secure.seen.map(({ headers }): unknown =>
    JSON.parse(Buffer.from(String(headers['authorization']).slice('Bearer '.length), 'base64').toString('utf8')),
  );
  const credential = { apiVersion: exec.apiVersion, kind: 'ExecCredential' };
  expect(told).toEqual([
    {
      ...credential,
      spec: {
        interactive: false,
        cluster: {
          server: cluster.server,
          'tls-server-name': NAME,
          'certificate-authority-data': Buffer.from(authority.root).toString('base64'),
          config: { audience: 'mesh' },
        },
      },
    },
    { ...credential, spec: { interactive: false } },
  ]);
});

test('a credential plug-in that waits for its user does not hold back a command that has been told to stop', async ({ open, plain }) => {
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'sleep', args: ['5'] };
  const api = await open({ server: `http://127.0.0.1:${plain.port}` }, { exec });
  const reason = new Error('interrupted');
  const abort = new AbortController();
  const asked = api.version(abort.signal);
  setImmediate(() => abort.abort(reason));
  await expect(asked).rejects.toBe(reason);
  expect(plain.seen).toEqual([]);
});

/** What a credential plug-in does, and what is said of it. */
const PLUGINS: readonly [string, object, RegExp][] = [
  ['is not there', { command: './gone' }, /kube\/gone was not found/],
  ['fails', { command: 'sh', args: ['-c', 'echo please log in >&2; exit 3'] }, /plug-in sh ended with 3: please log in$/],
  ['fails without a word', { command: 'sh', args: ['-c', 'exit 3'] }, /ended with 3: no error output$/],
  ['fails at length', { command: 'sh', args: ['-c', 'head -c 3000000 /dev/zero | tr "\\0" x >&2; exit 3'] }, /ended with 3: x{1000}$/],
  ['prints text', { command: 'echo', args: ['hunter2'] }, /plug-in echo printed no ExecCredential/],
  ['prints an empty object', { command: 'echo', args: ['{}'] }, /printed no ExecCredential/],
  ['prints null', { command: 'echo', args: ['null'] }, /printed no ExecCredential/],
  ['prints half a certificate', { command: 'echo', args: ['{"status":{"clientCertificateData":"hunter2"}}'] }, /printed no ExecCredential/],
  ['reads what nobody types', { command: 'sh', args: ['-c', 'cat; exit 3'] }, /ended with 3/],
];

test('a credential plug-in that hands over nothing is named with what it did, and its output is not quoted', async ({ open, plain }) => {
  for (const [what, exec, said] of PLUGINS) {
    const api = await open({ server: `http://127.0.0.1:${plain.port}` }, { exec });
    const refused: unknown = await api.version().catch((error: unknown) => error);
    expect.soft(refused, what).toMatchObject({ code: 'API_UNREACHABLE', message: expect.stringMatching(said) });
    expect.soft(inspect(refused, { depth: 10 }), what).not.toContain('hunter2');
  }
  const missing = await open({ server: `http://127.0.0.1:${plain.port}` }, { exec: { command: './gone', installHint: 'get it' } });
  await expect(missing.version()).rejects.toMatchObject({ hint: 'get it' });
});

test('a credential plug-in that gives no answer in time is ended and named, whoever sets the limit', async ({ open, plain }) => {
  // What it started holds its output open as long as it runs.
  const exec = { command: 'sh', args: ['-c', 'sleep 301; true'] };
  const slow = { code: 'CREDENTIAL_PLUGIN', message: expect.stringMatching(/plug-in sh did not answer within \d s/) };
  await expect(new CredentialPlugin(exec, {}, 300).credential()).rejects.toMatchObject(slow);
  const api = await open({ server: `http://127.0.0.1:${plain.port}` }, { exec });
  const { message } = slow;
  await expect(api.version(AbortSignal.timeout(300))).rejects.toMatchObject({ code: 'API_UNREACHABLE', message });
});

test('what a credential plug-in hands over is kept as long as it says', async ({ open, plain }, info) => {
  const count = info.outputPath('count');
  const until = (when: string) => `echo x >> '${count}'; echo '{"status":{"token":"t"${when}}}'`;
  const asked = async (script: string): Promise<number> => {
    writeFileSync(count, '');
    const api = await open({ server: `http://127.0.0.1:${plain.port}` }, { exec: { command: 'sh', args: ['-c', script] } });
    for (let round = 0; round < 3; round++) await api.version();
    return readFileSync(count, 'utf8').length / 2;
  };
  expect(await asked(until(''))).toBe(1);
  expect(await asked(until(',"expirationTimestamp":"2999-01-01T00:00:00Z"'))).toBe(1);
  expect(await asked(until(',"expirationTimestamp":"2000-01-01T00:00:00Z"'))).toBe(3);
});

const UNUSABLE: readonly [object, string][] = [
  [{ exec: { command: 'sh', env: { A: 'b' } } }, 'env of its credential plug-in is not a list'],
  [{ exec: { args: [] } }, 'has no command'],
  [{ 'auth-provider': { name: 'gcp' } }, 'auth-provider gcp has no config'],
  [{ 'auth-provider': { name: 'keystone', config: {} } }, 'auth-provider keystone is unknown'],
];

test('who could not be asked for credentials is refused before anything is asked', async ({ open, plain }) => {
  for (const [user, said] of UNUSABLE) {
    const opening = open({ server: `http://127.0.0.1:${plain.port}` }, user);
    await expect
      .soft(opening, said)
      .rejects.toMatchObject({ code: 'KUBECONFIG_INVALID', exitCode: 2, message: expect.stringContaining(said) });
  }
});
