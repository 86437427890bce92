// oxlint-disable no-empty-pattern -- the runner insists on a pattern
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { expect, test } from '@playwright/test';

import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { loadContext, readKubeconfig } from '../../clusters/kubernetes/kubeconfig.ts';
import { kubeconfig, withKubeconfig } from './kubeconfigs.ts';

test('Reports a missing or broken kubeconfig', async ({}, info) => {
  await expect(readKubeconfig(info.outputPath('absent'))).rejects.toMatchObject({ code: 'KUBECONFIG_MISSING', exitCode: 2 });
  const file = info.outputPath('broken');
  for (const text of ['contexts: [', 'a text', '- a list']) {
    writeFileSync(file, text);
    await expect(readKubeconfig(file)).rejects.toMatchObject({ code: 'KUBECONFIG_INVALID', exitCode: 2 });
  }
  writeFileSync(file, 'contexts: [{name: a, context: {cluster: nowhere, user: u}}]');
  await expect(loadContext(file, 'a')).rejects.toThrow('context a names the undefined cluster "nowhere"');
});

/** Kubeconfigs with secrets, and what an error may say about each. */
const SECRETIVE: readonly [string, string][] = [
  ['token: hunter2\ntoken: hunter2\n', 'line 2, column 1 is not YAML: duplicate key'],
  ['users:\n- user: { password: "hunter2 }\n', 'is not YAML: '],
  ['token: hunter2\n\tpassword: hunter2\n', 'is not YAML: '],
  ['hunter2\ntoken: { [hunter2 }', 'is not YAML: '],
  ['token: %hunter2\n', 'is not YAML: '],
  ['token: *hunter2\n', 'an alias without an anchor'],
  ['token: !hunter2 x\n[hunter2]: x', 'there is no context "a"'],
  ['hunter2', 'it is not a YAML mapping'],
  [
    'clusters: [{ name: a, cluster: { server: "ftp://me:hunter2@h" } }]\ncontexts: [{ name: a, context: { cluster: a } }]',
    'is not an http',
  ],
];

test('Never quotes a possible secret of a broken kubeconfig, not even in causes and warnings', async ({}, info) => {
  const warned: Error[] = [];
  const listen = (warning: Error) => void warned.push(warning);
  process.on('warning', listen);
  const file = info.outputPath('config');
  for (const [text, expected] of SECRETIVE) {
    writeFileSync(file, text);
    const refused: unknown = await KubernetesApi.open({ kubeconfig: file, context: 'a' }).catch((error: unknown) => error);
    expect.soft(inspect(refused, { depth: 10 }), text).toContain(expected);
    expect.soft(inspect(refused, { depth: 10 }), text).not.toContain('hunter2');
  }
  process.off('warning', listen);
  expect(inspect(warned)).not.toContain('hunter2');
});

test('Reports why a kubeconfig cannot be read, and what to do', async ({}, info) => {
  const utf16 = info.outputPath('utf16');
  writeFileSync(utf16, `\uFEFF${kubeconfig('prod')}`, 'utf16le');
  const refusals: readonly [string, object][] = [
    [
      info.outputPath('absent'),
      { message: expect.stringMatching(/absent: there is no such file$/), hint: expect.stringContaining('--kubeconfig') },
    ],
    [info.outputPath(), { message: expect.stringMatching(/: it is a folder$/) }],
    ['~/.kube/config', { hint: expect.stringContaining('$HOME') }],
    ['a:b', { hint: expect.stringContaining('KUBECONFIG may name several') }],
    [utf16, { message: expect.stringContaining('not UTF-8') }],
  ];
  for (const [file, said] of refusals) await expect.soft(readKubeconfig(file), file).rejects.toMatchObject({ ...said, exitCode: 2 });
  await withKubeconfig([' '], async () => {
    const read = await readKubeconfig().catch((error: unknown) => error);
    expect(inspect(read)).toContain(join('.kube', 'config'));
  });
});

test('Rejects a pipe, which can be read only once', async ({}, info) => {
  test.skip(process.platform === 'win32', 'has no such files');
  const pipe = info.outputPath('pipe');
  execFileSync('mkfifo', [pipe]);
  await expect(readKubeconfig(pipe)).rejects.toMatchObject({
    code: 'KUBECONFIG_INVALID',
    message: expect.stringContaining('read only once'),
  });
});
