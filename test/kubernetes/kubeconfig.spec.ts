// oxlint-disable no-empty-pattern -- the runner insists on a pattern
import { writeFileSync } from 'node:fs';

import { expect, test } from '@playwright/test';

import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { chooseContext, loadContext, readKubeconfig } from '../../clusters/kubernetes/kubeconfig.ts';
import { kubeconfig, withKubeconfig } from './kubeconfigs.ts';

test('Lists contexts with their cluster, server and namespace', async ({}, info) => {
  const file = info.outputPath('config');
  writeFileSync(file, kubeconfig('prod', 'shared'));
  const read = await readKubeconfig(file);
  expect(read).toEqual({
    files: [file],
    currentContext: 'shared',
    contexts: [
      { name: 'prod', cluster: 'prod', server: 'https://prod.test:6443', namespace: 'mine' },
      { name: 'shared', cluster: 'prod', server: 'https://prod.test:6443', namespace: undefined },
    ],
  });
  expect(chooseContext(read).name).toBe('shared');
  expect(chooseContext(read, 'prod').name).toBe('prod');
});

test('Uses all of several files, and the first definition of each name', async ({}, info) => {
  const files = ['one', 'two'].map((name) => {
    writeFileSync(info.outputPath(name), kubeconfig(name));
    return info.outputPath(name);
  });
  await withKubeconfig([...files, info.outputPath('absent')], async () => {
    const read = await readKubeconfig();
    expect(read.files).toEqual(files);
    expect(read.contexts.map(({ name, cluster }) => `${name} ${cluster}`)).toEqual(['one one', 'shared one', 'two two']);
    const config = await loadContext(undefined, 'two');
    expect(config.clusters[0].cluster.server).toBe('https://two.test:6443');
    expect(config.users[0]?.user.token).toBe('two-token');
    expect((await loadContext(undefined, 'shared')).users[0]?.user.token).toBe('one-token');
  });
});

test('Treats empty fields like missing ones, as kubectl does', async ({}, info) => {
  const file = info.outputPath('config');
  const cluster = { server: 'cluster.test', 'proxy-url': '', 'tls-server-name': '', 'certificate-authority': '' };
  const user = { token: 't', tokenFile: '', as: '', 'client-certificate': '' };
  const contexts = [{ name: 'c', context: { cluster: 'c', user: 'u' } }];
  writeFileSync(file, JSON.stringify({ contexts, clusters: [{ name: 'c', cluster }], users: [{ name: 'u', user }] }));
  const config = await loadContext(file, 'c');
  expect(config.clusters[0].cluster).toEqual({ server: 'cluster.test' });
  expect(config.users[0]?.user).toEqual({ token: 't' });
});

test('Lists the existing contexts when one is unknown', async ({}, info) => {
  const file = info.outputPath('config');
  writeFileSync(file, kubeconfig('prod'));
  const read = await readKubeconfig(file);
  const unknown = { code: 'CONTEXT_UNKNOWN', exitCode: 2 };
  expect(() => chooseContext(read, 'prd')).toThrow(
    expect.objectContaining({ ...unknown, message: `there is no context "prd" in ${file}; it has prod, shared; did you mean prod?` }),
  );
  expect(() => chooseContext(read)).toThrow(
    expect.objectContaining({ ...unknown, message: `${file} names no current context; it has prod, shared` }),
  );
  await expect(loadContext(file, 'prd')).rejects.toMatchObject(unknown);
});

/** Other content that a file may have besides the chosen context. */
const BESIDE: readonly [string, string][] = [
  ['an empty file', ''],
  ['only comments', '# created by a tool without contexts yet\n'],
  ['lists that are null', 'clusters: null\ncontexts: null\nusers: null\npreferences: {}\ncurrent-context: ""\n'],
  ['lists that are not lists', 'clusters: {}\ncontexts: 3\nusers: none\n'],
  [
    'entries that are incomplete',
    'clusters: [{ name: gone, cluster: {} }, { name: bare }, null, 7]\ncontexts: [{ name: draft, context: { namespace: d } }, { name: none, context: null }, {}]\nusers: [{ name: nobody }, { user: { token: t } }]\n',
  ],
];

for (const [what, text] of BESIDE) {
  test(`Ignores ${what} besides the chosen context`, async ({}, info) => {
    writeFileSync(info.outputPath('good'), kubeconfig('good', 'shared'));
    writeFileSync(info.outputPath('other'), text);
    for (const order of [
      ['good', 'other'],
      ['other', 'good'],
    ]) {
      await withKubeconfig(
        order.map((name) => info.outputPath(name)),
        async () => {
          const api = await KubernetesApi.open({ context: 'good' });
          expect(api.connection.server.origin).toBe('https://good.test:6443');
          expect((await readKubeconfig()).currentContext).toBe('shared');
        },
      );
    }
    const alone = readKubeconfig(info.outputPath('other')).then((read) => chooseContext(read, 'good'));
    await expect(alone).rejects.toMatchObject({ code: 'CONTEXT_UNKNOWN', exitCode: 2 });
  });
}

test('Reports what an incomplete context lacks', async ({}, info) => {
  const file = info.outputPath('config');
  const contexts =
    '{ name: a, context: { cluster: gone, user: u } }, { name: b, context: {} }, { name: c, context: { cluster: c, user: u } }';
  writeFileSync(file, `contexts: [${contexts}]\nclusters: [{ name: gone, cluster: {} }, { name: c, cluster: { server: "https://c" } }]\n`);
  const invalid = { code: 'KUBECONFIG_INVALID', exitCode: 2 };
  await expect(loadContext(file, 'a')).rejects.toMatchObject({ ...invalid, message: expect.stringContaining('which has no server') });
  await expect(loadContext(file, 'b')).rejects.toMatchObject({ ...invalid, message: expect.stringContaining('undefined cluster ""') });
  await expect(loadContext(file, 'c')).rejects.toMatchObject({ ...invalid, message: expect.stringContaining('undefined user "u"') });
  writeFileSync(file, 'contexts: [{ name: d, context: { cluster: d } }]\nclusters: [{ name: d, cluster: { server: "ftp://d" } }]\n');
  await expect(KubernetesApi.open({ kubeconfig: file, context: 'd' })).rejects.toMatchObject(invalid);
});

test('Keeps every field of a context that is written to another folder, and the files that its paths lead to', async ({}, info) => {
  const cluster = {
    server: 'https://127.0.0.1:6443/',
    'certificate-authority': 'ca.crt',
    'tls-server-name': 'kubernetes.default.svc',
    'proxy-url': 'socks5://127.0.0.1:1080',
    'disable-compression': true,
    extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'mesh' } }],
  };
  const user = {
    tokenFile: 'tokens/robot',
    'client-certificate': '/etc/robot.crt',
    'client-key': 'robot.key',
    as: 'mesh-tester',
    'as-uid': '1',
    'as-groups': ['mesh-testers'],
    'as-user-extra': { reason: ['nightly'] },
    exec: {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'bin/login',
      args: ['a'],
      provideClusterInfo: true,
      installHint: 'get it',
    },
  };
  const context = { cluster: 'c', user: 'u', namespace: 'mine', extensions: [{ name: 'x', extension: 1 }] };
  const others = { contexts: [{ name: 'other', context }], users: [{ name: 'secret', user: { token: 'not ours' } }] };
  const file = info.outputPath('config');
  const content = {
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }, ...others.users],
    contexts: [...others.contexts, { name: 'staging (do not delete)', context }],
  };
  writeFileSync(file, JSON.stringify(content));
  expect(JSON.parse(JSON.stringify(await loadContext(file, 'staging (do not delete)')))).toEqual({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'staging (do not delete)',
    clusters: [{ name: 'c', cluster: { ...cluster, 'certificate-authority': info.outputPath('ca.crt') } }],
    users: [
      {
        name: 'u',
        user: {
          ...user,
          tokenFile: info.outputPath('tokens/robot'),
          'client-key': info.outputPath('robot.key'),
          exec: { ...user.exec, command: info.outputPath('bin/login') },
        },
      },
    ],
    contexts: [{ name: 'staging (do not delete)', context }],
  });
});
