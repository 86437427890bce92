// oxlint-disable no-empty-pattern -- the runner insists on a pattern
import { writeFileSync } from 'node:fs';
import { delimiter } from 'node:path';

import { expect, test } from '@playwright/test';

import { chooseContext, loadContext, readKubeconfig } from '../../clusters/kubernetes/kubeconfig.ts';

const kubeconfig = (name: string, current = ''): string => `
apiVersion: v1
kind: Config
clusters: [{ name: ${name}, cluster: { server: "https://${name}.test:6443" } }]
users: [{ name: ${name}-user, user: { token: ${name}-token } }]
contexts:
- { name: ${name}, context: { cluster: ${name}, user: ${name}-user, namespace: mine } }
- { name: shared, context: { cluster: ${name}, user: ${name}-user } }
current-context: "${current}"
`;

test('contexts come with their cluster, server and namespace', async ({}, info) => {
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

test('of several files the first to name something wins, and all are usable', async ({}, info) => {
  const files = ['one', 'two'].map((name) => {
    writeFileSync(info.outputPath(name), kubeconfig(name));
    return info.outputPath(name);
  });
  const before = process.env['KUBECONFIG'];
  process.env['KUBECONFIG'] = [...files, info.outputPath('absent')].join(delimiter);
  try {
    const read = await readKubeconfig();
    expect(read.files).toEqual(files);
    expect(read.contexts.map(({ name, cluster }) => `${name} ${cluster}`)).toEqual(['one one', 'shared one', 'two two']);
    const config = await loadContext(undefined, 'two');
    expect(config.getCurrentCluster()?.server).toBe('https://two.test:6443');
    expect(config.getCurrentUser()?.token).toBe('two-token');
    expect((await loadContext(undefined, 'shared')).getCurrentUser()?.token).toBe('one-token');
  } finally {
    if (before === undefined) delete process.env['KUBECONFIG'];
    else process.env['KUBECONFIG'] = before;
  }
});

test('an unknown context is answered with those that exist', async ({}, info) => {
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

test('a kubeconfig that is missing or broken says so', async ({}, info) => {
  await expect(readKubeconfig(info.outputPath('absent'))).rejects.toMatchObject({ code: 'KUBECONFIG_MISSING', exitCode: 2 });
  const file = info.outputPath('broken');
  for (const text of ['contexts: [', 'a text', '']) {
    writeFileSync(file, text);
    await expect(readKubeconfig(file)).rejects.toMatchObject({ code: 'KUBECONFIG_INVALID', exitCode: 2 });
  }
  writeFileSync(file, 'contexts: [{name: a, context: {cluster: nowhere, user: u}}]');
  await expect(loadContext(file, 'a')).rejects.toThrow('context a names the undefined cluster "nowhere"');
});
