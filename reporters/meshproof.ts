import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import type { FullConfig, FullResult, Reporter, Suite, TestCase, TestError, TestResult, TestStep } from '@playwright/test/reporter';

import { SCHEMA_VERSION, type Conformance, type EarlierRun } from '../fixtures/contract/conformance.ts';
import { tracesOf } from '../fixtures/contract/names.ts';
import { specsIn } from '../fixtures/contract/catalogue.ts';
import { plannedIn } from '../fixtures/contract/planned.ts';
import { settingsOfRun } from '../fixtures/contract/settings.ts';
import { isSuccess } from '../fixtures/contract/verdict.ts';
import type { CheckResult } from '../fixtures/contract/result.ts';
import { UNDER } from '../fixtures/contract/under.ts';
import { generateAllureSite } from './allure-site.ts';
import { leftOut } from './catalogue.ts';
import { readEarlierRun, removeConformance, writeConformance } from './conformance-files.ts';
import { checkLines, endLines } from './console.ts';
import { exitCodeOf } from './exit-code.ts';
import { addToSummary, annotations, onGithub } from './github.ts';
import { printable } from '../fixtures/contract/printable.ts';
import { idOf } from './format.ts';
import { conformanceMarkdown } from './markdown.ts';
import { byIdAndMesh, inOrder } from './merge.ts';
import { allTimings, describedRun, undescribedRun } from './run-description.ts';
import { RunningChecks } from './running.ts';
import { attachedTo, endingOf, nameOf, repetitionOf } from './test-results.ts';
import { compare } from './transitions.ts';
import { firstLines, withVerdict, type CheckName } from './check-result.ts';

/**
 * Prints the result of each check, and writes the report: conformance.json, conformance.md, junit.xml and the Allure site.
 * Needs the reporter allure-playwright too, writing to `allure-results` in the report folder.
 */
export default class MeshproofReporter implements Reporter {
  readonly #listing: boolean;
  readonly #settings = settingsOfRun();
  readonly #report = this.#settings.report;
  readonly #checks: CheckResult[] = [];
  readonly #errors: string[] = [];
  readonly #judged = new Set<TestCase>();
  readonly #startedAt = new Date();
  /** The mesh of checks that left no result. */
  readonly #mesh = this.#settings.mesh;
  readonly #console = this.#settings.console;
  readonly #running = new RunningChecks();
  #earlier: EarlierRun | undefined;
  #catalogue: Pick<Conformance, 'notChosen' | 'planned'> = {};
  #suite: Suite | undefined;
  #conformance: Conformance | undefined;

  /** Playwright sets `_mode` if it only lists tests; it then prints them itself, and the report must not be touched. */
  constructor(options: { _mode?: string } = {}) {
    this.#listing = options._mode === 'list';
  }

  printsToStdio(): boolean {
    return !this.#listing;
  }

  onBegin(config: FullConfig, suite: Suite): void {
    if (this.#listing) return;
    this.#suite = suite;
    const { against } = this.#settings;
    if (against !== undefined) this.#attempt(() => (this.#earlier = readEarlierRun(against)));
    removeConformance(this.#report);
    const chosen = suite.allTests().flatMap((test) => nameOf(test)?.id ?? []);
    this.#attempt(() => this.#lookAround(config.projects[0]?.testDir ?? config.rootDir, new Set(chosen)));
    const { notChosen = [] } = this.#catalogue;
    const others = notChosen.length === 0 ? '' : `; ${notChosen.length} not selected`;
    const { under } = this.#settings;
    const beneath = under === undefined ? '' : `, under ${under}: ${UNDER[under].what}`;
    const atOnce = under !== undefined && UNDER[under].meshWide ? 1 : Math.min(config.workers, Math.max(1, chosen.length));
    if (this.#console === 'all') this.#print(`${chosen.length} checks, ${atOnce} at once${others}${beneath}`);
  }

  onTestBegin(test: TestCase): void {
    const key = keyOf(test);
    if (key !== undefined && this.#console !== 'others') this.#running.begin(key);
  }

  onStepBegin(test: TestCase, _: TestResult, step: TestStep): void {
    if (step.category === 'test.step') this.#running.enter(keyOf(test) ?? '', step.title);
  }

  onStepEnd(test: TestCase, _: TestResult, step: TestStep): void {
    if (step.category === 'test.step') this.#running.leave(keyOf(test) ?? '');
  }

  onStdOut(chunk: string | Buffer): void {
    this.#running.clear();
    process.stdout.write(forStream(chunk, process.stdout));
  }

  onStdErr(chunk: string | Buffer): void {
    this.#running.clear();
    process.stderr.write(forStream(chunk, process.stderr));
  }

  onError(error: TestError): void {
    this.#fault(error.message ?? error.value ?? 'error without a message');
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    this.#judged.add(test);
    const name = nameOf(test);
    if (!name) {
      if (result.status !== 'passed' && result.status !== 'skipped') this.#fault(`${test.title}: ${endingOf(result).said}`);
      return;
    }
    this.#running.end(keyOf(test) ?? '');
    this.#take(withVerdict(this.#named(name), this.#mesh, attachedTo(result), endingOf(result), result.duration), test);
  }

  async onEnd(result: FullResult): Promise<{ status?: FullResult['status'] }> {
    if (this.#listing) return {};
    this.#takeWhatNeverRan(result.status);
    let run = undescribedRun(this.#startedAt);
    try {
      run = await describedRun(this.#startedAt);
    } catch (error) {
      this.#fault(messageOf(error));
    }
    const { id, startedAt, versions, environment, survey, timings } = run;
    const durationMs = Math.max(0, Date.now() - Date.parse(startedAt));
    const checks = inOrder(this.#checks);
    const made = new Set(checks.map(({ id, mesh }) => `${id} ${mesh}`));
    const { notChosen = [], planned = [] } = this.#catalogue;
    const ran = { id, startedAt, durationMs, versions, environment, ...(survey === undefined ? {} : { survey }), errors: this.#errors };
    this.#conformance = {
      schemaVersion: SCHEMA_VERSION,
      run: ran,
      timings: allTimings(timings),
      checks,
      notChosen,
      planned: planned.filter(({ id, mesh }) => !made.has(`${id} ${mesh}`)),
      ...(this.#earlier === undefined ? {} : { against: compare(this.#earlier, { run: ran, checks, notChosen }) }),
    };
    await this.#write();
    return result.status === 'passed' && exitCodeOf(this.#conformance) !== 0 ? { status: 'failed' } : {};
  }

  /** The site is generated here because allure-playwright writes its last results in its own onEnd. */
  async onExit(): Promise<void> {
    const conformance = this.#conformance;
    if (!conformance) return;
    try {
      if (conformance.checks.length > 0)
        await generateAllureSite({ report: this.#report, conformance, mesh: this.#mesh, earlier: this.#settings.against });
    } catch (error) {
      this.#fault(`the Allure site could not be generated: ${messageOf(error)}`);
      await this.#write();
    }
    this.#attempt(() => onGithub() && addToSummary(conformanceMarkdown(conformance)));
    this.#print(...endLines(conformance, shown(this.#report), this.#console));
  }

  /** Finds the checks that exist besides those selected. */
  #lookAround(suites: string, chosen: ReadonlySet<string>): void {
    const planned = plannedIn(suites).toSorted(byIdAndMesh);
    const all = specsIn(suites).map(({ id }) => id);
    this.#catalogue = { planned, notChosen: leftOut(all, chosen, planned, this.#mesh) };
  }

  #take(result: CheckResult, test: TestCase): void {
    const repetition = repetitionOf(test);
    const check = repetition === undefined ? result : { ...result, repetition };
    this.#checks.push(check);
    if (onGithub()) for (const line of annotations(check, test.location)) this.#print(line);
    if (this.#console === 'short' || (this.#console === 'others' && isSuccess(check))) return;
    const diagnostics = join(this.#report, 'diagnostics', tracesOf(check.id, repetition));
    const traces = {
      evidence: check.evidence.map(({ file }) => shown(join(this.#report, file))),
      diagnostics: existsSync(diagnostics) ? shown(diagnostics) : undefined,
    };
    this.#print(...checkLines(check, traces, process.stdout));
  }

  #named(name: CheckName): CheckName {
    const { under, meshVersion } = this.#settings;
    return { ...name, under, meshVersion };
  }

  /** A check that the run did not reach is INCONCLUSIVE. */
  #takeWhatNeverRan(status: FullResult['status']): void {
    const because =
      this.#errors[0] ?? (status === 'interrupted' ? 'the run was interrupted' : status === 'timedout' ? 'the run ran out of time' : '');
    for (const test of this.#suite?.allTests() ?? []) {
      const name = nameOf(test);
      if (name && !this.#judged.has(test))
        this.#take(withVerdict(this.#named(name), this.#mesh, undefined, { status: 'not run', said: because }, 0), test);
    }
  }

  /** An error in a secondary step must not prevent the report. */
  #attempt(act: () => unknown): void {
    try {
      act();
    } catch (error) {
      this.#fault(messageOf(error));
    }
  }

  #fault(message: string): void {
    const short = firstLines(message);
    this.#errors.push(short);
    this.#print(`error: ${printable(short)}`);
  }

  #print(...lines: string[]): void {
    this.#running.clear();
    process.stdout.write(`${lines.join('\n')}\n`);
  }

  async #write(): Promise<void> {
    if (!this.#conformance) return;
    try {
      await writeConformance(this.#report, this.#conformance);
    } catch (error) {
      this.#fault(messageOf(error));
    }
  }
}

/** Distinguishes the tests that run at the same time. */
function keyOf(test: TestCase): string | undefined {
  const name = nameOf(test);
  return name && idOf({ id: name.id, repetition: repetitionOf(test) });
}

function shown(path: string): string {
  return relative(process.cwd(), path) || '.';
}

function forStream(chunk: string | Buffer, stream: NodeJS.WriteStream): string {
  const text = String(chunk);
  return stream.isTTY ? text : stripVTControlCharacters(text);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
