import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';

import { CredentialPlugin } from '../../clusters/kubernetes/credential-plugin.ts';
import { expect, NAME, test } from './on-listener.ts';

test("Finds a plug-in relative to its kubeconfig, and passes the cluster's data if requested", async ({
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
  const sent = secure.seen.map(({ headers }): unknown =>
    JSON.parse(Buffer.from(String(headers['authorization']).slice('Bearer '.length), 'base64').toString('utf8')),
  );
  const credential = { apiVersion: exec.apiVersion, kind: 'ExecCredential' };
  expect(sent).toEqual([
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

test('Ends a plug-in that waits for its user when the command is interrupted', async ({ open, plain }) => {
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'sleep', args: ['5'] };
  const api = await open({ server: `http://127.0.0.1:${plain.port}` }, { exec });
  const reason = new Error('interrupted');
  const abort = new AbortController();
  const asked = api.version(abort.signal);
  setImmediate(() => abort.abort(reason));
  await expect(asked).rejects.toBe(reason);
  expect(plain.seen).toEqual([]);
});

/** What a plug-in does, and the error about it. */
const PLUGINS: readonly [string, object, RegExp][] = [
  ['does not exist', { command: './gone' }, /kube\/gone was not found/],
  ['fails', { command: 'sh', args: ['-c', 'echo please log in >&2; exit 3'] }, /plug-in sh ended with 3: please log in$/],
  ['fails without output', { command: 'sh', args: ['-c', 'exit 3'] }, /ended with 3: no error output$/],
  [
    'fails with long output',
    { command: 'sh', args: ['-c', 'head -c 3000000 /dev/zero | tr "\\0" x >&2; exit 3'] },
    /ended with 3: x{1000}$/,
  ],
  ['prints text', { command: 'echo', args: ['hunter2'] }, /plug-in echo printed no ExecCredential/],
  ['prints an empty object', { command: 'echo', args: ['{}'] }, /printed no ExecCredential/],
  ['prints null', { command: 'echo', args: ['null'] }, /printed no ExecCredential/],
  ['prints half a certificate', { command: 'echo', args: ['{"status":{"clientCertificateData":"hunter2"}}'] }, /printed no ExecCredential/],
  ['reads standard input', { command: 'sh', args: ['-c', 'cat; exit 3'] }, /ended with 3/],
];

test('Names a plug-in that returns no credentials and what it did, without quoting its output', async ({ open, plain }) => {
  for (const [what, exec, said] of PLUGINS) {
    const api = await open({ server: `http://127.0.0.1:${plain.port}` }, { exec });
    const refused: unknown = await api.version().catch((error: unknown) => error);
    expect.soft(refused, what).toMatchObject({ code: 'API_UNREACHABLE', message: expect.stringMatching(said) });
    expect.soft(inspect(refused, { depth: 10 }), what).not.toContain('hunter2');
  }
  const missing = await open({ server: `http://127.0.0.1:${plain.port}` }, { exec: { command: './gone', installHint: 'get it' } });
  await expect(missing.version()).rejects.toMatchObject({ hint: 'get it' });
});

test('Ends and names a plug-in that does not answer in time, whoever set the limit', async ({ open, plain }) => {
  // Its child process keeps its output open.
  const exec = { command: 'sh', args: ['-c', 'sleep 301; true'] };
  const slow = { code: 'CREDENTIAL_PLUGIN', message: expect.stringMatching(/plug-in sh did not answer within \d s/) };
  await expect(new CredentialPlugin(exec, {}, 300).credential()).rejects.toMatchObject(slow);
  const api = await open({ server: `http://127.0.0.1:${plain.port}` }, { exec });
  const { message } = slow;
  await expect(api.version(AbortSignal.timeout(300))).rejects.toMatchObject({ code: 'API_UNREACHABLE', message });
});

test('Caches credentials for as long as the plug-in says', async ({ open, plain }, info) => {
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

test('Rejects a user whose plug-in or provider is unusable before sending any request', async ({ open, plain }) => {
  for (const [user, said] of UNUSABLE) {
    const opening = open({ server: `http://127.0.0.1:${plain.port}` }, user);
    await expect
      .soft(opening, said)
      .rejects.toMatchObject({ code: 'KUBECONFIG_INVALID', exitCode: 2, message: expect.stringContaining(said) });
  }
});
