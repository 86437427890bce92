import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { execa } from 'execa';

import type { Conformance } from '../../fixtures/contract/conformance.ts';
import { RESULT_ATTACHMENT, type CheckResult } from '../../fixtures/contract/result.ts';
import { encode, type RunSettings } from '../../fixtures/contract/settings.ts';
import { examinedOf, HOSTILE, sampleCheck, sampleConformance } from './samples.ts';

const PROJECT = join(import.meta.dirname, '../..');

export interface InnerRun {
  stdout: string;
  exitCode: number;
}

/** A project with its own suites in a separate folder, so that two test runs never share one. */
export interface InnerProject extends AsyncDisposable {
  report: string;
  /** Runs Playwright in the project, with the reporters of meshproof. */
  run: (...args: string[]) => Promise<InnerRun>;
}

interface InnerOptions {
  allure?: boolean;
  /** An earlier run to compare with. */
  against?: Conformance;
}

/** Creates a project from spec files: path in its `suites` folder → content. */
export async function innerProject(specs: Record<string, string>, { allure = true, against }: InnerOptions = {}): Promise<InnerProject> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'meshproof-inner-')));
  const report = join(folder, 'report');
  const ours = [[join(PROJECT, 'reporters/meshproof.ts')]];
  const reporter = allure ? [['allure-playwright', { resultsDir: join(report, 'allure-results') }], ...ours] : ours;
  const config = { testDir: 'suites', workers: 1, timeout: 20_000, outputDir: join(report, 'test-results'), reporter };
  const files = {
    'package.json': '{ "type": "module" }',
    'run.json': JSON.stringify(RUN),
    ...(against === undefined ? {} : { 'earlier.json': JSON.stringify(against) }),
    'playwright.config.ts': `export default ${JSON.stringify(config)};`,
    ...Object.fromEntries(Object.entries(specs).map(([path, text]) => [join('suites', path), text])),
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  await symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  return {
    report,
    run: (...args) => playwrightIn(folder, { report, ...(against === undefined ? {} : { against: join(folder, 'earlier.json') }) }, args),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

const RUN = {
  id: 'inner',
  startedAt: '2026-01-02T03:04:05.000Z',
  versions: { istio: '1.31.0' },
  environment: { cpus: '2' },
  timings: { meshMs: 8000 },
  mesh: 'istio',
};

async function playwrightIn(folder: string, settings: Partial<RunSettings>, args: readonly string[]): Promise<InnerRun> {
  const outer = /^(TEST_|PW_|PWTEST_|PLAYWRIGHT_|ALLURE_|MESHPROOF_|GITHUB_|FORCE_COLOR|NO_COLOR)/;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !outer.test(name)));
  const { stdout, exitCode } = await execa(process.execPath, ['node_modules/@playwright/test/cli.js', 'test', ...args], {
    cwd: folder,
    env: { ...env, ...encode({ ...settings, run: join(folder, 'run.json') }) },
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
  });
  return { stdout, exitCode: exitCode ?? -1 };
}

/** A spec whose test attaches this result, with a control step and a manifest, and then runs `end`. */
export function specOf(result: CheckResult, end = ''): string {
  return `import { test } from '@playwright/test';
test(${JSON.stringify(result.title)}, async ({}, info) => {
  await test.step('control: the selector matches nothing', async () => {
    await info.attach('control patch', { body: 'kind: PeerAuthentication\\nmetadata: {name: strict}\\n', contentType: 'application/yaml' });
    await test.step('apply', async () => {});
  });
  await test.step('check', async () => {});
  await info.attach(${JSON.stringify(RESULT_ATTACHMENT)}, { body: ${JSON.stringify(JSON.stringify(examinedOf(result)))}, contentType: 'application/json' });
  ${end}
});
`;
}

/** A spec file for every way in which a check can end. */
export function everyEnding(): Record<string, string> {
  const ends = {
    PASS: '',
    FAIL: 'throw new Error("the mesh broke its promise");',
    INVALID: 'throw new Error("green");',
    INCONCLUSIVE: 'throw new Error("late");',
    UNSUPPORTED: 'info.skip(true, "by design");',
  };
  const attached = sampleConformance().checks.filter(({ mesh }) => mesh === 'istio');
  const unsupported = sampleCheck({
    id: 'routing/smi-split',
    title: 'the SMI split holds',
    verdict: 'UNSUPPORTED',
    reason: 'no SMI here',
    control: 'skipped',
  });
  const overclaimed = sampleCheck({ id: 'chaos/overclaimed', title: 'a PASS whose clean-up failed' });
  return {
    ...Object.fromEntries([...attached, unsupported].map((check) => [`${check.id}.spec.ts`, specOf(check, ends[check.verdict])])),
    'chaos/overclaimed.spec.ts': specOf(overclaimed, 'throw new Error("the rig could not be handed back");'),
    'chaos/crashed.spec.ts': plain(HOSTILE, 'process.exit(7);'),
    'chaos/timed-out.spec.ts': plain('it hangs', 'test.setTimeout(50);\nawait new Promise(() => {});'),
    'chaos/left-out.spec.ts': plain('it is left out', 'test.skip(true, "on a Friday");'),
    'chaos/garbled.spec.ts': `import { test } from '@playwright/test';\ntest('it attaches something else', async ({}, info) => {\nawait info.attach(${JSON.stringify(RESULT_ATTACHMENT)}, { body: '{"verdict":"PASS"}', contentType: 'application/json' });\n});\n`,
  };
}

function plain(title: string, body: string): string {
  return `import { test } from '@playwright/test';\ntest(${JSON.stringify(title)}, async () => {\n${body}\n});\n`;
}
