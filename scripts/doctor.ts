import { styleText } from 'node:util';

import { Option, type Command } from 'commander';

import { EXIT } from '../clusters/errors.ts';
import { command } from './console/command.ts';
import type { Finding } from './doctor/finding.ts';

const MARKS = { ok: ['√', 'green'], warning: ['‼', 'yellow'], failed: ['×', 'red'] } as const;

export function doctorCommand(): Command {
  return command('doctor', {
    about: 'Says whether this machine can make clusters, and what to do where it cannot. Changes nothing.',
    example: 'npx meshproof doctor --output=json',
  })
    .addOption(new Option('-o, --output <format>', 'text or json').choices(['text', 'json']).default('text'))
    .action(async ({ output }: { output: 'text' | 'json' }) => {
      const findings = await examine();
      const healthy = findings.every(({ status }) => status !== 'failed');
      const text = output === 'json' ? JSON.stringify({ healthy, findings }, undefined, 2) : inLines(findings, healthy);
      process.stdout.write(`${text}\n`);
      process.exitCode = healthy ? EXIT.ok : EXIT.unproven;
    });
}

async function examine(): Promise<Finding[]> {
  const [{ readHost }, machine, kernel, engine, tools, state] = await Promise.all([
    import('../clusters/engine/host.ts'),
    import('./doctor/machine.ts'),
    import('./doctor/kernel.ts'),
    import('./doctor/engine.ts'),
    import('./doctor/tools.ts'),
    import('./doctor/state.ts'),
  ]);
  const host = await readHost();
  const found = await Promise.all([kernel.kernelFindings(), engine.engineFindings(host), tools.toolFindings(), state.stateFindings()]);
  return [...machine.machineFindings(host), ...found.flat()];
}

function inLines(findings: readonly Finding[], healthy: boolean): string {
  const sections = Map.groupBy(findings, ({ category }) => category);
  const lines = [...sections].flatMap(([category, members]) => [
    category,
    '-'.repeat(category.length),
    ...members.flatMap(({ status, check, seen, hint }) => {
      const [mark, colour] = MARKS[status];
      return [`${styleText(colour, mark)} ${check}: ${seen}`, ...(hint === undefined ? [] : [`    ${hint}`])];
    }),
    '',
  ]);
  return [...lines, `Status check results are ${healthy ? MARKS.ok[0] : MARKS.failed[0]}`].join('\n');
}
