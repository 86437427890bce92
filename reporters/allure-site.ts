import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { execa } from 'execa';

import type { Conformance } from '../fixtures/contract/conformance.ts';
import type { Survey } from '../fixtures/contract/run.ts';
import { ALLURE_RESULTS, ALLURE_WORK } from '../fixtures/contract/report-folder.ts';
import { adoptHistory, forgetRun, copyHistory, nameEnd, replaceHistory } from './allure-history.ts';
import { addVerdicts } from './allure-results.ts';
import { writePictures } from './charts/files.ts';
import { duration, transitionSummary, headline } from './format.ts';

export interface AllureSite {
  /** The report folder. Its Allure results get verdicts, and the site becomes its `allure/index.html`. */
  report: string;
  conformance: Conformance;
  /** The mesh of checks that left no result of their own. */
  mesh: string;
  /** An earlier report, whose runs precede this one in the history. */
  earlier?: string | undefined;
}

/** Label values are matched as regular expressions; a check is in the first category that matches. */
const CATEGORIES = [
  { name: 'INVALID: the control did not fail', matchers: { labels: { tag: '^INVALID$' } } },
  {
    name: 'INCONCLUSIVE: the tool, the cluster or the injected fault misbehaved',
    matchers: { labels: { tag: '^INCONCLUSIVE$' } },
  },
  { name: 'UNSUPPORTED: by design', matchers: { labels: { tag: '^UNSUPPORTED$' } } },
  { name: 'FAIL: the mesh broke its promise', matchers: { labels: { tag: '^FAIL$' } } },
];

/** Labels with the location of a test, or with what its parameters already show. */
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
 * Generates the Allure site: a single HTML file that opens with a double click. The run is one line of the history, however often its site
 * is generated.
 * @throws Error with the output of Allure, or if its page cannot be prevented from contacting its vendor; no page is written then
 */
export async function generateAllureSite({ report, conformance, mesh, earlier }: AllureSite): Promise<void> {
  if (earlier !== undefined) await adoptHistory(report, earlier);
  await forgetRun(report, conformance.run.id);
  await writePictures(report, conformance.checks);
  await addVerdicts(join(report, ALLURE_RESULTS), mesh);
  const output = join(report, 'allure');
  await rm(output, { recursive: true, force: true });
  // In the report, because the next run empties that, even if this process is killed.
  const workplace = join(report, ALLURE_WORK);
  await rm(workplace, { recursive: true, force: true });
  await mkdir(workplace);
  try {
    const history = join(workplace, 'history.jsonl');
    await copyHistory(report, history);
    await writeFile(join(workplace, 'allurerc.json'), JSON.stringify(configuration(history, output, conformance)));
    const cli = join(dirname(fileURLToPath(import.meta.resolve('allure'))), '..', 'cli.js');
    const args = [cli, 'generate', '--cwd', workplace, '--config', 'allurerc.json', '--output', output, join(report, ALLURE_RESULTS)];
    await execa(process.execPath, args, { stdin: 'ignore', all: true });
    await replaceHistory(report, history);
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
  // With a single mesh, a level for meshes would only cost a click.
  const groupBy = meshes.length > 1 ? ['epic', 'story'] : ['epic'];
  return {
    // The headline on the first page.
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

/**
 * Allure's page reports each visit to its vendor's analytics service and has no option to disable that. A report may contain a user's
 * manifests, so the page must not contact anyone.
 */
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
