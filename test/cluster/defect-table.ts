import type { Reporter, TestCase, TestResult } from '@playwright/test/reporter';
import { markdownTable } from 'markdown-table';

/** The type of the annotation with which a test supplies its row: the defect, which checks found it, and how many others did not react. */
export const ROW = 'meshproof-defect';

/** Prints which checks found which defect, after all tests. */
export default class DefectTable implements Reporter {
  readonly #rows: string[][] = [];

  onTestEnd(_: TestCase, { status, annotations }: TestResult): void {
    for (const { type, description = '[]' } of annotations) {
      if (type === ROW) this.#rows.push([...(JSON.parse(description) as string[]), status === 'passed' ? 'yes' : 'NO']);
    }
  }

  onEnd(): void {
    if (this.#rows.length === 0) return;
    const header = ['defect', 'found by', 'silent', 'as it should be'];
    process.stdout.write(`\n${markdownTable([header, ...this.#rows], { align: ['l', 'l', 'r', 'l'] })}\n`);
  }
}
