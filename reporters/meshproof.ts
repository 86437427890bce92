import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import type { FullConfig, FullResult, Reporter, Suite, TestCase, TestError, TestResult } from '@playwright/test/reporter';

import type { Conformance } from '../fixtures/results/conformance.ts';
import { reportFolder } from '../fixtures/results/report-folder.ts';
import { RESULT_ATTACHMENT, type CheckResult } from '../fixtures/results/result.ts';
import { generateAllureSite } from './allure-site.ts';
import { removeConformance, writeConformance } from './conformance-files.ts';
import { checkLines } from './console.ts';
import { exitCodeOf } from './exit-code.ts';
import { closingLine, printable, worth } from './in-words.ts';
import { inOrder } from './merge.ts';
import { allTimings, describedRun, meshOfRun, undescribedRun } from './run-description.ts';
import { checkNameOf, firstLines, judge, type Ending } from './verdict.ts';

/**
 * Tells on the console what becomes of each check, and leaves the report: conformance.json, conformance.md, junit.xml and the Allure site.
 * Needs allure-playwright beside it, writing into `allure-results` of the report folder.
 */
export default class MeshproofReporter implements Reporter {
  readonly #listing: boolean;
  readonly #report = reportFolder();
  readonly #checks: CheckResult[] = [];
  readonly #errors: string[] = [];
  readonly #judged = new Set<TestCase>();
  readonly #startedAt = new Date();
  /** Of checks that left no result. */
  readonly #mesh = meshOfRun();
  #suite: Suite | undefined;
  #conformance: Conformance | undefined;

  /** Playwright says with `_mode` that it only lists tests; it then prints by itself, and no report may be touched. */
  constructor(options: { _mode?: string } = {}) {
    this.#listing = options._mode === 'list';
  }

  printsToStdio(): boolean {
    return !this.#listing;
  }

  onBegin(config: FullConfig, suite: Suite): void {
    if (this.#listing) return;
    this.#suite = suite;
    removeConformance(this.#report);
    const checks = suite.allTests().filter((test) => nameOf(test) !== undefined).length;
    print(`${checks} checks, ${Math.min(config.workers, Math.max(1, checks))} at once`);
  }

  onStdOut(chunk: string | Buffer): void {
    process.stdout.write(forStream(chunk, process.stdout));
  }

  onStdErr(chunk: string | Buffer): void {
    process.stderr.write(forStream(chunk, process.stderr));
  }

  onError(error: TestError): void {
    this.#fault(error.message ?? error.value ?? 'an error without a message');
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    this.#judged.add(test);
    const name = nameOf(test);
    if (!name) {
      if (result.status !== 'passed' && result.status !== 'skipped') this.#fault(`${test.title}: ${endingOf(result).said}`);
      return;
    }
    this.#take(judge(name, this.#mesh, attachedTo(result), endingOf(result), result.duration));
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
    const { id, startedAt, versions, environment, timings } = run;
    const durationMs = Math.max(0, Date.now() - Date.parse(startedAt));
    this.#conformance = {
      run: { id, startedAt, durationMs, versions, environment, errors: this.#errors },
      timings: allTimings(timings),
      checks: inOrder(this.#checks),
    };
    await this.#write();
    return result.status === 'passed' && exitCodeOf(this.#conformance) !== 0 ? { status: 'failed' } : {};
  }

  /** The site comes here because allure-playwright writes its last results in its own onEnd. */
  async onExit(): Promise<void> {
    const conformance = this.#conformance;
    if (!conformance) return;
    try {
      if (conformance.checks.length > 0) await generateAllureSite({ report: this.#report, conformance, mesh: this.#mesh });
    } catch (error) {
      this.#fault(`the Allure site could not be generated: ${messageOf(error)}`);
      await this.#write();
    }
    print('', worth(conformance.checks), `report: ${shown(this.#report)}`, closingLine(conformance.checks));
  }

  #take(check: CheckResult): void {
    this.#checks.push(check);
    const diagnostics = join(this.#report, 'diagnostics', check.id);
    const traces = {
      evidence: check.evidence.map(({ file }) => shown(join(this.#report, file))),
      diagnostics: existsSync(diagnostics) ? shown(diagnostics) : undefined,
    };
    print(...checkLines(check, traces, process.stdout));
  }

  /** Silence is no PASS: a check that the run did not come to is INCONCLUSIVE. */
  #takeWhatNeverRan(status: FullResult['status']): void {
    const because =
      this.#errors[0] ?? (status === 'interrupted' ? 'the run was interrupted' : status === 'timedout' ? 'the run ran out of time' : '');
    for (const test of this.#suite?.allTests() ?? []) {
      const name = nameOf(test);
      if (name && !this.#judged.has(test)) this.#take(judge(name, this.#mesh, undefined, { status: 'not run', said: because }, 0));
    }
  }

  #fault(message: string): void {
    const short = firstLines(message);
    this.#errors.push(short);
    print(`error: ${printable(short)}`);
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

function nameOf(test: TestCase): ReturnType<typeof checkNameOf> {
  return checkNameOf(test.location.file, test.title);
}

/** What a check attached as its result; an attachment that cannot be read stays as the text it is, which is no valid result. */
function attachedTo({ attachments }: TestResult): unknown {
  const attachment = attachments.findLast(({ name }) => name === RESULT_ATTACHMENT);
  if (!attachment) return undefined;
  const text = attachment.path === undefined ? String(attachment.body) : readFileSync(attachment.path, 'utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function endingOf({ status, errors, annotations }: TestResult): Ending {
  const skipped = annotations.find(({ type }) => type === 'skip' || type === 'fixme')?.description ?? '';
  const said = status === 'skipped' ? skipped : errors.map(({ message, value }) => message ?? value ?? '').join('\n');
  return { status: status === 'passed' || status === 'skipped' ? status : 'failed', said };
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

function print(...lines: string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}
