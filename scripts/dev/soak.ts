import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { execa } from 'execa';
import { markdownTable } from 'markdown-table';

import { readConformance } from '../../reporters/conformance-files.ts';
import { whyNot } from '../../reporters/format.ts';
import { EXIT } from '../../clusters/errors.ts';
import { untilInterrupted } from '../console/interrupt.ts';

/** What one check came to over all runs. */
interface Row {
  verdicts: Map<string, number>;
  durations: number[];
  reasons: string[];
}

/**
 * `npm run soak -- RUNS [options of test]`: runs the checks again and again and counts the verdicts. False alarms of the harness show here:
 * on a mesh that behaves, every verdict of every run is PASS or UNSUPPORTED. Exits with 1 when one is not.
 */
const USAGE = 'npm run soak -- 20 --suite=routing';
const [count = '20', ...options] = process.argv.slice(2);
if (count === '--help' || count === '-h') {
  process.stdout.write(`Runs checks so often, with any options of test but --report, and counts their verdicts:\n  ${USAGE}\n`);
  process.exit(EXIT.ok);
}
const runs = Number(count);
if (!Number.isInteger(runs) || runs < 1) {
  process.stderr.write(`how often? A whole number is needed, not ${count}: ${USAGE}\n`);
  process.exit(EXIT.usage);
}
const signal = untilInterrupted();
const rows = new Map<string, Row>();
const report = await mkdtemp(join(tmpdir(), 'meshproof-soak-'));
try {
  for (let run = 1; run <= runs && !signal.aborted; run++) {
    const command = [join(import.meta.dirname, '../meshproof.ts'), 'test', '--report', report, ...options];
    // An interrupted run takes back what it has made, however long that takes.
    const settings = { reject: false, all: true, stdin: 'ignore', cancelSignal: signal, forceKillAfterDelay: false } as const;
    const { exitCode, all } = await execa(process.execPath, command, settings);
    process.stdout.write(`run ${run}: ${all.trim().split('\n').at(-1)} (exit ${exitCode})\n`);
    if (exitCode === EXIT.usage) throw new Error(all);
    for (const check of (await readConformance(join(report, 'conformance.json'))).checks) {
      const { id, verdict, durationMs } = check;
      const row = rows.get(id) ?? { verdicts: new Map<string, number>(), durations: [], reasons: [] };
      row.verdicts.set(verdict, (row.verdicts.get(verdict) ?? 0) + 1);
      row.durations.push(durationMs);
      if (verdict !== 'PASS' && verdict !== 'UNSUPPORTED') row.reasons.push(`run ${run}, ${id}: ${verdict}\n${whyNot(check)}`);
      rows.set(id, row);
    }
  }
} finally {
  await rm(report, { recursive: true, force: true });
}
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
process.exitCode = wolves.length === 0 ? EXIT.ok : EXIT.fail;
