import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';

import { expect } from '@playwright/test';
import { Command } from 'commander';

import { testCommand } from '../../scripts/commands/test.ts';
import { refuseOptionsKeptByNpm } from '../../scripts/console/npm.ts';
import { meshproof, npm, PROJECT } from './run.ts';
import { test, writeKubeconfig } from './suite-folder.ts';

/** Command lines, and what their errors and hints must contain. All are rejected before anything starts. */
const REFUSED: readonly [string, RegExp, RegExp][] = [
  ['', /COMMAND_MISSING/, /commands: test, up, down, doctor, images, report, watch, upgrade, sweep/],
  ['tets', /UNKNOWN_COMMAND.*tets.*did you mean test\?/, /commands: test/],
  ['test --suit=resilience', /UNKNOWN_OPTION.*--suit=resilience.*did you mean --suite\?/, /options of test: --suite, --check/],
  ['test --retries=2', /UNKNOWN_OPTION.*--retries/, /options of test/],
  ['test --suite=nowhere', /UNKNOWN_SUITE.*nowhere/, /suites: .*routing.*security/],
  ['test --suite=routing,nowhere', /UNKNOWN_SUITE.*nowhere/, /suites: /],
  ['test --check=routing/canary-headr', /UNKNOWN_CHECK.*did you mean routing\/canary-header\?/, /checks: /],
  ['test --suite=routing --check=security/strict-mesh-wide', /NO_CHECKS/, /suites: /],
  ['test nothing-is-called-this', /NO_CHECKS/, /npm test -- canary/],
  ['test (', /BAD_PATTERN/, /./],
  ['test --mesh=isto', /INVALID_ARGUMENT.*isto.*Allowed choices are istio, linkerd\./, /./],
  ['test --provider=minikube', /INVALID_ARGUMENT.*minikube/, /kind, existing/],
  ['test --workers=0', /INVALID_ARGUMENT.*whole number/, /./],
  ['test --workers=99999', /INVALID_ARGUMENT.*at most 64/, /./],
  ['test --suite=', /INVALID_ARGUMENT.*--suite.*list is empty/, /./],
  ['test --check=,', /INVALID_ARGUMENT.*--check.*list is empty/, /./],
  ['test --report=', /EMPTY_VALUE.*--report/, /omit it/],
  ['test --cluster=', /EMPTY_VALUE.*--cluster/, /omit it/],
  ['test --grep=', /EMPTY_VALUE.*--grep/, /omit it/],
  ['test --shuffle=', /INVALID_ARGUMENT.*seed/, /./],
  ['report --into=', /EMPTY_VALUE.*--into/, /omit it/],
  ['test --report=.', /REPORT_FOLDER/, /--report/],
  ['test --shuffle canary', /INVALID_ARGUMENT.*seed is a whole number/, /./],
  ['test --only-changed canary', /UNKNOWN_REF.*canary/, /branch, a tag or a commit/],
  ['test --timeout=-5', /INVALID_ARGUMENT.*whole number of milliseconds/, /./],
  ['test --global-timeout=soon', /INVALID_ARGUMENT.*whole number of milliseconds/, /./],
  ['test --repeat-each=0', /INVALID_ARGUMENT.*1 to 9999/, /./],
  ['test --max-failures=-1', /INVALID_ARGUMENT.*whole number of failures/, /./],
  ['test --shard=3/2', /INVALID_ARGUMENT.*1\/n to n\/n/, /./],
  ['test --shard=half', /INVALID_ARGUMENT.*1\/n to n\/n/, /./],
  ['test -g (', /INVALID_ARGUMENT.*regular expression/, /./],
  ['test --reporter=no-such-reporter', /INVALID_ARGUMENT.*no-such-reporter is neither list/, /./],
  ['test --fresh --cluster=meshproof-one', /CONTRADICTION.*--fresh/, /./],
  ['test --provider=existing --context=a --nodes=3', /CONTRADICTION.*--nodes/, /omit it/],
  ['test --provider=existing --context=a --mesh-version=1.31', /CONTRADICTION.*--mesh-version/, /omit it/],
  ['test --mesh-version=1.2', /INVALID_ARGUMENT.*--mesh-version.*1\.2/, /1\.31, 1\.30/],
  ['test --mesh=linkerd --mesh-version=1.31', /MESH_VERSION_UNKNOWN.*1\.31 of linkerd/, /edge-26/],
  ['images build --mesh=linkerd --mesh-version=1.31', /MESH_VERSION_UNKNOWN/, /edge-26/],
  ['test --last-failed', /NO_REPORT/, /npm test/],
  ['rbac --namespaces=Bad_Name', /INVALID_ARGUMENT.*--namespaces.*hyphens/, /./],
  ['rbac --name=-x', /INVALID_ARGUMENT.*--name.*hyphens/, /./],
  ['test --images=/no/such/folder', /UNKNOWN_IMAGE_SOURCE/, /docker save/],
  ['test --context=prod', /CONTRADICTION.*--context/, /--provider=existing/],
  ['test --provider=existing', /CONTEXT_NOT_NAMED/, /--context/],
  ['test --provider=existing --context=a --kubeconfig=/no/such/file', /KUBECONFIG_MISSING/, /--kubeconfig/],
  ['test --cluster', /OPTION_MISSING_ARGUMENT/, /./],
  ['test --keep=some', /INVALID_ARGUMENT.*some/, /all, failed/],
  [
    'test --under=control-plan-down',
    /INVALID_ARGUMENT.*control-plan-down/,
    /control-plane-down, dns-down, pod-churn, slow-network, packet-loss, proxy-restart, node-busy/,
  ],
  ['test --against=/no/such/report', /NO_REPORT/, /npm test/],
  ['up --nodes=two', /INVALID_ARGUMENT/, /./],
  ['up --rigs', /OPTION_MISSING_ARGUMENT/, /./],
  ['watch', /CLUSTER_UNKNOWN.*nothing to watch/, /npx meshproof up/],
  ['watch --cluster=meshproof-none', /CLUSTER_UNKNOWN.*meshproof-none/, /clusters: none/],
  ['watch --for=soon', /INVALID_ARGUMENT.*--for.*30s, 10min or 2h/, /./],
  ['watch --budget=600h', /INVALID_ARGUMENT.*--budget.*at most 500h/, /./],
  ['watch --rate=0', /INVALID_ARGUMENT.*--rate.*at most 200/, /./],
  ['watch --provider=existing', /CONTEXT_NOT_NAMED/, /--context/],
  ['upgrade --from=1.30', /MISSING_MANDATORY_OPTION_VALUE.*--to/, /./],
  ['upgrade --from=1.30 --to=edge-26.8.3', /INVALID_ARGUMENT.*edge-26\.8\.3.*Allowed choices are 1\.31, 1\.30\./, /--help/],
  ['upgrade --mesh=linkerd --from=1.30 --to=1.31', /INVALID_ARGUMENT.*linkerd.*Allowed choices are istio\./, /--help/],
  ['upgrade --from=1.30 --to=1.31 --suite=nowhere', /UNKNOWN_SUITE.*nowhere/, /suites: .*routing.*security/],
  ['down nobody', /CLUSTER_UNKNOWN.*nobody/, /clusters: none/],
  ['down', /CLUSTER_NOT_NAMED/, /clusters: none/],
  ['down --all meshproof-one', /CONTRADICTION.*--all.*meshproof-one/, /./],
  ['doctor --context=staging', /CONTRADICTION.*--context/, /--provider=existing/],
  ['doctor --kubeconfig=/a', /CONTRADICTION.*--kubeconfig/, /--provider=existing/],
  ['images frobnicate', /UNKNOWN_COMMAND/, /commands: list, build, save/],
  ['images save', /MISSING_ARGUMENT/, /./],
  ['report /no/such/report', /NO_REPORT/, /npm test/],
  ['--version', /UNKNOWN_OPTION.*--version/, /options of meshproof: --help/],
  ['test --registry=https://registry.example.com/x/', /REGISTRY_PREFIX/, /without https/],
  ['up --registry=mirror', /REGISTRY_PREFIX.*docker\.io\/mirror/, /domain or its port/],
  ['doctor --registry=registry.example.com:99999', /REGISTRY_PREFIX/, /./],
  ['doctor --provider=existing --context=a --registry=https://x', /REGISTRY_PREFIX/, /./],
  ['doctor --provider=existing --context=a --images=nowhere', /UNKNOWN_IMAGE_SOURCE/, /./],
  ['doctor --revision=canary', /CONTRADICTION.*--revision/, /--provider=existing/],
  ['doctor --check=nothing/such', /CONTRADICTION.*--check/, /--provider=existing/],
  ['up --sample-image=https://a.example/node:24', /INVALID_ARGUMENT.*--sample-image.*without https/, /./],
  ['doctor --sample-image=Node', /INVALID_ARGUMENT.*--sample-image/, /./],
  ['test --pull-secret=a/b/c', /INVALID_ARGUMENT.*namespace\/name/, /./],
  ['rbac --pull-secret=-a/-.', /INVALID_ARGUMENT.*namespace\/name/, /./],
  ['rbac --revision=1.31', /INVALID_ARGUMENT.*--revision.*hyphens/, /./],
  ['rbac --check=routing/uri-prefix --mesh=linkerd --revision=canary', /REVISION_UNKNOWN.*Linkerd has no revisions/, /omit --revision/],
  ['rbac --kubeconfig=/a', /CONTRADICTION.*--kubeconfig/, /--context/],
  ['rbac --context=a --root-namespace=b', /CONTRADICTION.*--root-namespace/, /omit one/],
  ['sweep --revision=canary', /CONTRADICTION.*--revision/, /--provider=existing/],
  ['images lock --registry=https://x', /REGISTRY_PREFIX/, /./],
  ['images save /dev/null', /FOLDER_NOT_MADE/, /another folder/],
  ['doctor --output=xml', /INVALID_ARGUMENT/, /text, json/],
];

test('Rejects an invalid command line, with a hint at what is valid', async ({ folder }) => {
  const env = { MESHPROOF_CACHE: join(folder, 'cache'), MESHPROOF_REPORT: join(folder, 'report') };
  for (const [typed, problem, way] of REFUSED) {
    const { exitCode, stderr } = await meshproof(typed.split(' ').filter(Boolean), env);
    expect.soft(stderr, typed).toMatch(problem);
    expect.soft(stderr, typed).toMatch(/^error\[[A-Z_]+\]: .*\nhint: /m);
    expect.soft(stderr, typed).toMatch(way);
    expect.soft(stderr, typed).not.toMatch(/^\s+at /m);
    expect.soft(exitCode, typed).toBe(2);
  }
});

test('Rejects an invalid mirror of release pages before anything starts, and creates no folder', async ({ folder }) => {
  const archives = join(folder, 'archives');
  const env = { MESHPROOF_CACHE: join(folder, 'cache'), MESHPROOF_DOWNLOADS: 'mirror.example.com', DOCKER_HOST: 'tcp://127.0.0.1:1' };
  for (const words of [['up'], ['images', 'save', archives], ['images', 'lock'], ['doctor']]) {
    const { exitCode, stderr } = await meshproof(words, env);
    expect.soft(stderr, words.join(' ')).toMatch(/DOWNLOADS_ADDRESS[^]*hint: /);
    expect.soft(exitCode, words.join(' ')).toBe(2);
  }
  const { stderr } = await meshproof(['images', 'save', archives, '--no-engine'], { ...env, MESHPROOF_DOWNLOADS: '' });
  expect(stderr).toContain('ENGINE_MISSING');
  expect(existsSync(archives)).toBe(false);
});

test('Rejects an empty argument, which would match every file', async () => {
  const { exitCode, stderr } = await meshproof(['test', '']);
  expect(stderr).toMatch(/EMPTY_VALUE.*an argument/);
  expect(exitCode).toBe(2);
});

test('Lists the existing contexts if one is unknown', async ({ folder }) => {
  const kubeconfig = await writeKubeconfig(folder, 'staging');
  const { exitCode, stderr } = await meshproof(['test', '--provider=existing', '--context=prod', `--kubeconfig=${kubeconfig}`]);
  expect(stderr).toMatch(/no context "prod".*staging/);
  expect(exitCode).toBe(2);
});

test.describe('npm', () => {
  test('Detects options without -- before them, and prints what to type', async () => {
    const { exitCode, stderr } = await npm(['test', '--suite=routing', '--no-control']);
    expect(stderr).toContain('error[OPTION_KEPT_BY_NPM]');
    expect(stderr).toContain('type: npm test -- --suite=routing --no-control');
    expect(exitCode).toBe(2);
  });

  test('Detects -g, which npm takes for its --global', async () => {
    const { exitCode, stderr } = await npm(['test', '-g', 'canary']);
    expect(stderr).toContain('type: npm test -- -g canary');
    expect(exitCode).toBe(2);
  });

  test('Prints a command that can be pasted, and does not guess at a value that was separated from its option', () => {
    const program = new Command().addCommand(testCommand());
    const hint = (kept: Record<string, string>, ...rest: string[]) => {
      const environment = { npm_lifecycle_event: 'test', ...kept };
      return inspect(caught(() => refuseOptionsKeptByNpm(environment, rest, program)));
    };
    expect(hint({ npm_config_context: 'my ctx', npm_config_control: '' }, 'a b')).toContain(
      "npm test -- --no-control '--context=my ctx' 'a b'",
    );
    expect(hint({ npm_config_keep: 'true', npm_config_dry_run: 'true' })).toContain('npm test -- --dry-run --keep');
    expect(hint({ npm_config_workers: 'true', npm_config_dry_run: 'true' }, '3')).toContain('with -- before the first option');
  });

  test('Receives the options after --', async () => {
    const { exitCode, stderr } = await npm(['test', '--', '--suite=nowhere', '--mesh=istio']);
    expect(stderr).toContain('unknown suite: nowhere');
    expect(exitCode).toBe(2);
  });
});

function caught(act: () => void): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

test('Reports lost output, and exits with an error', () => {
  test.skip(process.platform !== 'linux', 'needs /dev/full');
  const full = openSync('/dev/full', 'w');
  for (const words of [['completion', 'bash'], ['images', 'list', '-o', 'json'], ['--help']]) {
    const { status, stderr } = spawnSync(process.execPath, [join(PROJECT, 'scripts/meshproof.ts'), ...words], {
      stdio: ['ignore', full, 'pipe'],
    });
    expect.soft(stderr.toString(), words[0]).toMatch(/^error\[OUTPUT_LOST\]: .*ENOSPC/m);
    expect.soft(status, words[0]).toBe(3);
  }
  closeSync(full);
});

test('Rejects a Node.js that is too old in the entry point', async () => {
  const text = (await readFile(join(PROJECT, 'scripts/start.js'), 'utf8')).replace(/^#!.*/, '');
  const old = { versions: { node: '20.20.2' }, stderr: { write: (words: string) => (said += words) }, exitCode: 0 };
  let said = '';
  await runInNewContext(`(async () => {${text}})()`, { process: old });
  expect(said).toMatch(/^error\[NODE_TOO_OLD\]: this is Node 20\.20\.2, .*\nhint: .*npm ci/);
  expect(old.exitCode).toBe(3);
});

test('Names the variable to set without a folder for temporary files or a home folder', async () => {
  for (const words of [['test', '--dry-run'], ['rbac'], ['doctor', '--no-network']]) {
    const { stderr, exitCode } = await meshproof(words, { TMPDIR: '/no/such/folder' });
    expect(stderr).toMatch(/TEMPORARY_FOLDER_MISSING.*\/no\/such\/folder[^]*TMPDIR/);
    expect(exitCode).toBe(2);
  }
  if (process.getuid?.() !== 0) return;
  const program = `const { requirePlaces } = await import(${JSON.stringify(join(PROJECT, 'clusters/paths.ts'))}); process.setuid(4242424); requirePlaces();`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { env: {} });
  expect(stderr.toString()).toContain('HOME_MISSING');
});

test('Prints a stack trace only on request', async ({ folder }) => {
  const env = { MESHPROOF_SUITES: join(folder, 'nowhere') };
  const quiet = await meshproof(['test'], env);
  expect(quiet.stderr).toMatch(/^error\[NO_SUITES\]/m);
  expect(quiet.stderr).not.toMatch(/^\s+at /m);
  expect((await meshproof(['test'], { ...env, MESHPROOF_DEBUG: '1' })).stderr).toMatch(/^\s+at /m);
});

test('Shows help for the development scripts, and rejects unknown options before anything starts', async () => {
  const script = async (...args: string[]) => npm(['run', '--silent', ...args]);
  expect(await script('bench', '--', '--jsn')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('UNKNOWN_OPTION') });
  expect(await script('soak', '--', '--help')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('npm run soak') });
  expect(await script('soak')).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/MISSING_ARGUMENT.*runs/) });
  expect(await script('soak', '--', 'often')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('often') });
});
