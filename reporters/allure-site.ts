import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { execa } from 'execa';

import type { Conformance } from '../fixtures/contract/conformance.ts';
import type { Survey } from '../fixtures/contract/run.ts';
import { ALLURE_RESULTS } from '../fixtures/contract/report-folder.ts';
import { adoptHistory, forgetRun, lendHistory, nameEnd, returnHistory } from './allure-history.ts';
import { addVerdicts } from './allure-results.ts';
import { writePictures } from './charts/files.ts';
import { duration, transitionSummary, headline } from './format.ts';

export interface AllureSite {
  /** The report folder: its Allure results are given their verdicts, and the site becomes its `allure/index.html`. */
  report: string;
  conformance: Conformance;
  /** The mesh of checks that left no result. */
  mesh: string;
  /** An earlier report, whose runs come before this one in the history. */
  earlier?: string | undefined;
}

/** Label values are matched as regular expressions; the first category that matches takes the check. */
const CATEGORIES = [
  { name: 'INVALID: the control did not fail', matchers: { labels: { tag: '^INVALID$' } } },
  {
    name: 'INCONCLUSIVE: the tool, the cluster or the injected fault misbehaved',
    matchers: { labels: { tag: '^INCONCLUSIVE$' } },
  },
  { name: 'UNSUPPORTED: by design', matchers: { labels: { tag: '^UNSUPPORTED$' } } },
  { name: 'FAIL: the mesh broke its promise', matchers: { labels: { tag: '^FAIL$' } } },
];

/** Labels that say where a test ran or lives, or what its parameters say too. */
const HIDDEN_LABELS = [
  '_fallbackTestCaseId',
  'titlePath',
  'host',
  'thread',
  'framework',
  'language',
  'package',
  'parentSuite',
  'verdict',
  'control',
  'suite',
  'subSuite',
];

/**
 * Generates the Allure site: one HTML file that opens by double click. The run becomes one line of the history beside it, however often its site is made.
 * @throws Error with what Allure said, or when its page cannot be kept from calling its maker; then there is no page.
 */
export async function generateAllureSite({ report, conformance, mesh, earlier }: AllureSite): Promise<void> {
  if (earlier !== undefined) await adoptHistory(report, earlier);
  await forgetRun(report, conformance.run.id);
  await writePictures(report, conformance.checks);
  await addVerdicts(join(report, ALLURE_RESULTS), mesh);
  const output = join(report, 'allure');
  await rm(output, { recursive: true, force: true });
  const workplace = await mkdtemp(join(tmpdir(), 'meshproof-allure-'));
  try {
    const history = join(workplace, 'history.jsonl');
    await lendHistory(report, history);
    await writeFile(join(workplace, 'allurerc.json'), JSON.stringify(configuration(history, output, conformance)));
    const cli = join(dirname(fileURLToPath(import.meta.resolve('allure'))), '..', 'cli.js');
    const args = [cli, 'generate', '--cwd', workplace, '--config', 'allurerc.json', '--output', output, join(report, ALLURE_RESULTS)];
    await execa(process.execPath, args, { stdin: 'ignore', all: true });
    await returnHistory(report, history);
    await keepToItself(join(output, 'index.html'));
  } finally {
    await rm(workplace, { recursive: true, force: true });
  }
}

function configuration(historyPath: string, output: string, { run, timings, checks, against }: Conformance): object {
  const took = Object.entries(timings).flatMap(([name, ms]) =>
    ms === null ? [] : [[`${name.replace(/Ms$/, '')} ready after`, duration(ms)]],
  );
  const meshes = [...new Set(checks.map((check) => check.mesh))];
  // Where there is one mesh only, a level for it would be a click for nothing.
  const groupBy = meshes.length > 1 ? ['epic', 'story'] : ['epic'];
  return {
    // The headline of the first page.
    name: `${headline(checks)} ${nameEnd(run.id)}`,
    output,
    historyPath,
    hideLabels: HIDDEN_LABELS,
    variables: {
      ...(against === undefined ? {} : { 'since the earlier run': transitionSummary(against) }),
      mesh: meshes.join(', '),
      ...run.versions,
      ...run.environment,
      ...surveyed(run.survey),
      ...Object.fromEntries(took),
    },
    categories: CATEGORIES,
    plugins: { awesome: { options: { singleFile: true, groupBy, reportLanguage: 'en' } } },
  };
}

function surveyed(survey: Survey | undefined): Record<string, string> {
  if (survey === undefined) return {};
  const facts = Object.entries(survey.facts).map(([name, value]) => [`mesh: ${name}`, value]);
  return {
    ...Object.fromEntries(facts),
    ...(survey.standing.length === 0 ? {} : { 'mesh: configured for all namespaces': survey.standing.join('; ') }),
  };
}

/** Allure's page reports every opening to an analytics service of its maker, without an option against it. A report may hold a user's manifests: it talks to nobody. */
async function keepToItself(page: string): Promise<void> {
  const html = await readFile(page, 'utf8');
  const analytics = /<script async src="https:\/\/www\.googletagmanager\.com\/[^"]*"><\/script>\s*<script>[^<]*<\/script>/g;
  const policy = `<meta http-equiv="Content-Security-Policy" content="default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:">`;
  const closed = html.replaceAll(analytics, '').replace(/<head>/, `<head>\n${policy}`);
  if (closed.includes('googletagmanager') || !closed.includes(policy)) {
    await rm(page);
    throw new Error('the Allure page has an unexpected structure; it would contact its vendor');
  }
  await writeFile(page, closed);
}
