import { join } from 'node:path';

import { InvalidArgumentError } from 'commander';
import { execa } from 'execa';
import { markdownTable } from 'markdown-table';

import type { CheckResult } from '../../fixtures/contract/result.ts';
import { isSuccess } from '../../fixtures/contract/verdict.ts';
import { readConformance } from '../../reporters/conformance-files.ts';
import { whyNot } from '../../reporters/format.ts';
import { EXIT } from '../../clusters/errors.ts';
import { withFolder } from '../../clusters/work-folder.ts';
import { command } from '../console/command.ts';
import { explain } from '../console/failure.ts';
import { untilInterrupted } from '../console/interrupt.ts';

/** The verdicts of one check over all runs. */
interface Row {
  verdicts: Map<string, number>;
  durations: number[];
  reasons: string[];
}

/**
 * Runs the checks repeatedly and counts the verdicts, to find false alarms of the harness: on a mesh that works, every verdict of every run
 * is PASS or UNSUPPORTED.
 * @returns the exit code: 1 if there is another verdict, and that of `test` if a run has no verdicts
 */
async function soak(runs: number, options: readonly string[]): Promise<number> {
  const signal = untilInterrupted();
  const rows = new Map<string, Row>();
  return withFolder('soak', async (report) => {
    for (let run = 1; run <= runs && !signal.aborted; run++) {
      const command = [join(import.meta.dirname, '../meshproof.ts'), 'test', '--report', report, ...options];
      // An interrupted run reverts what it has created, however long that takes.
      const settings = { reject: false, all: true, stdin: 'ignore', cancelSignal: signal, forceKillAfterDelay: false } as const;
      const { exitCode, all } = await execa(process.execPath, command, settings);
      const conformance = await readConformance(join(report, 'conformance.json')).catch(() => undefined);
      if (exitCode === EXIT.usage || conformance === undefined) {
        process.stderr.write(`${all}\n`);
        return exitCode ?? EXIT.unproven;
      }
      process.stdout.write(`run ${run}: ${all.trim().split('\n').at(-1)} (exit ${exitCode})\n`);
      for (const check of conformance.checks) count(rows, run, check);
    }
    return tell(rows);
  });
}

function count(rows: Map<string, Row>, run: number, check: CheckResult): void {
  const { id, verdict, durationMs } = check;
  const row = rows.get(id) ?? { verdicts: new Map<string, number>(), durations: [], reasons: [] };
  row.verdicts.set(verdict, (row.verdicts.get(verdict) ?? 0) + 1);
  row.durations.push(durationMs);
  if (!isSuccess(check)) row.reasons.push(`run ${run}, ${id}: ${verdict}\n${whyNot(check)}`);
  rows.set(id, row);
}

function tell(rows: ReadonlyMap<string, Row>): number {
  const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const slowestFirst = [...rows].toSorted(([, a], [, b]) => median(b.durations) - median(a.durations));
  const table = slowestFirst.map(([id, { verdicts, durations }]) => [
    id,
    [...verdicts].map(([verdict, times]) => `${times} ${verdict}`).join(', '),
    (median(durations) / 1_000).toFixed(1),
    (Math.max(...durations) / 1_000).toFixed(1),
  ]);
  process.stdout.write(`\n${markdownTable([['check', 'verdicts', 'median s', 'slowest s'], ...table], { align: ['l', 'l', 'r', 'r'] })}\n`);
  const wolves = slowestFirst.flatMap(([, { reasons }]) => reasons);
  process.stdout.write(wolves.map((reason) => `\n${reason}\n`).join(''));
  return wolves.length === 0 ? EXIT.ok : EXIT.fail;
}

function timesOf(value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value)) throw new InvalidArgumentError('It must be a whole number from 1 to 9999.');
  return Number(value);
}

try {
  await command('soak', {
    about: 'Runs checks several times and counts their verdicts. On a mesh that works, anything but PASS and UNSUPPORTED is a false alarm.',
    example: 'npm run soak -- 20 --suite=routing',
  })
    .argument('<runs>', 'how many times; a run takes minutes', timesOf)
    .argument('[options...]', 'options of `test`, except --report')
    .passThroughOptions()
    .action(async (runs: number, options: string[]) => void (process.exitCode = await soak(runs, options)))
    .parseAsync();
} catch (error) {
  process.exitCode = explain(error);
}
