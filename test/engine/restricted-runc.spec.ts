import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { exec } from '../../clusters/exec.ts';
import { scratchFolder } from './scratch.ts';

const SCRIPT = join(import.meta.dirname, '../../clusters/engine/restricted-runc');

const WITHOUT_SYS_RESOURCE = '000001fffeffffff';
const EVERYTHING = '000001ffffffffff';

const PROCESS = {
  capabilities: { bounding: ['CAP_CHOWN', 'CAP_SYS_RESOURCE', 'CAP_NET_ADMIN'], effective: ['CAP_SYS_RESOURCE'], ambient: null },
  oomScoreAdj: -998,
  rlimits: [
    { type: 'RLIMIT_NOFILE', hard: 1_048_576, soft: 1_048_576 },
    { type: 'RLIMIT_NPROC', hard: 100, soft: 50 },
  ],
};

const EDITED = {
  capabilities: { bounding: ['CAP_CHOWN', 'CAP_NET_ADMIN'], effective: [], ambient: null },
  oomScoreAdj: 0,
  rlimits: [
    { type: 'RLIMIT_NOFILE', hard: 20_000, soft: 20_000 },
    { type: 'RLIMIT_NPROC', hard: 100, soft: 50 },
  ],
};

/** A folder with a bundle, a process file, and a runc that prints its arguments, which `run` returns. */
async function bench(
  folder: string,
  capabilities = WITHOUT_SYS_RESOURCE,
): Promise<{ run: (...args: string[]) => Promise<string[]>; bundle: string; process: string }> {
  const [bundle, proc, process, runc] = [join(folder, 'bundle'), join(folder, 'proc'), join(folder, 'process.json'), join(folder, 'runc')];
  await mkdir(bundle, { recursive: true });
  await mkdir(proc, { recursive: true });
  await writeFile(join(bundle, 'config.json'), JSON.stringify({ ociVersion: '1.0.2', process: PROCESS, linux: {} }));
  await writeFile(process, JSON.stringify(PROCESS));
  await writeFile(join(proc, 'status'), `Name:\tsh\nCapPrm:\t0000000000000000\nCapBnd:\t${capabilities}\n`);
  await writeFile(
    join(proc, 'limits'),
    [
      'Limit                     Soft Limit           Hard Limit           Units     ',
      'Max processes             unlimited            unlimited            processes ',
      'Max open files            1024                 20000                files     ',
      '',
    ].join('\n'),
  );
  await writeFile(runc, '#!/bin/sh\nfor each in "$@"; do echo "$each"; done\n');
  await chmod(runc, 0o755);
  const run = async (...args: string[]): Promise<string[]> =>
    (await exec('sh', [SCRIPT, ...args], { cwd: bundle, env: { MESHPROOF_PROC: proc, MESHPROOF_RUNC: runc } })).split('\n');
  return { run, bundle, process };
}

const processOf = async (bundle: string): Promise<unknown> => {
  const spec: { process: unknown } = JSON.parse(await readFile(join(bundle, 'config.json'), 'utf8'));
  return spec.process;
};

const GLOBAL = ['--root', '/run/create', '--log', 'log.json', '--log-format', 'json', '--systemd-cgroup'];

for (const [title, flags] of [
  ['--bundle B', (bundle: string) => ['create', '--bundle', bundle, '--pid-file', 'init.pid', 'id']],
  ['--bundle=B', (bundle: string) => ['create', `--bundle=${bundle}`, 'id']],
  ['-b B', (bundle: string) => ['run', '--detach', '-b', bundle, 'id']],
  ['-b=B', (bundle: string) => ['run', `-b=${bundle}`, 'id']],
  ['-bundle B after the ID', (bundle: string) => ['create', '--pid-file', '--bundle', 'id', '-bundle', bundle]],
  ['the working folder', () => ['create', '--pid-file', 'init.pid', 'id']],
] as const) {
  test(`Edits the bundle named by ${title}, and passes on every argument`, async () => {
    await using folder = await scratchFolder();
    const { run, bundle } = await bench(folder.path);
    const args = [...GLOBAL, ...flags(bundle)];
    expect(await run(...args)).toEqual(args);
    expect(await processOf(bundle)).toEqual(EDITED);
  });
}

for (const flag of ['--process', '-p', '--process=', '-p=']) {
  test(`Edits the file of exec ${flag}`, async () => {
    await using folder = await scratchFolder();
    const { run, process } = await bench(folder.path);
    const named = flag.endsWith('=') ? [`${flag}${process}`] : [flag, process];
    const args = [...GLOBAL, 'exec', '--env', 'A=b', ...named, '--detach', 'id'];
    expect(await run(...args)).toEqual(args);
    expect(JSON.parse(await readFile(process, 'utf8'))).toEqual(EDITED);
  });
}

test('Ignores arguments of the program that exec runs', async () => {
  await using folder = await scratchFolder();
  const { run, process } = await bench(folder.path);
  const args = ['exec', '--user', '1000', 'id', 'program', '--process', process];
  expect(await run(...args)).toEqual(args);
  expect(JSON.parse(await readFile(process, 'utf8'))).toEqual(PROCESS);
});

test('Changes nothing on a host with the capability', async () => {
  await using folder = await scratchFolder();
  const { run, bundle } = await bench(folder.path, EVERYTHING);
  expect(await run('create', '--bundle', bundle, 'id')).toEqual(['create', '--bundle', bundle, 'id']);
  expect(await processOf(bundle)).toEqual(PROCESS);
});

test('Changes nothing for other commands', async () => {
  await using folder = await scratchFolder();
  const { run, bundle } = await bench(folder.path);
  expect(await run(...GLOBAL, 'delete', '--force', 'create')).toEqual([...GLOBAL, 'delete', '--force', 'create']);
  expect(await processOf(bundle)).toEqual(PROCESS);
});

test('Keeps an unlimited limit readable', async () => {
  await using folder = await scratchFolder();
  const { run, bundle } = await bench(folder.path);
  const unlimited = '{"type":"RLIMIT_NPROC","hard":18446744073709551615,"soft":18446744073709551615}';
  await writeFile(join(bundle, 'config.json'), `{"process":{"rlimits":[${unlimited}]}}`);
  await run('create', '--bundle', bundle, 'id');
  expect((await readFile(join(bundle, 'config.json'), 'utf8')).replaceAll(/\s/g, '')).toContain(unlimited);
});
