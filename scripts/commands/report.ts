import type { Command } from 'commander';

import { reportName } from '../../fixtures/contract/settings.ts';
import type { ReportOptions } from '../actions/report.ts';
import { command } from '../console/command.ts';

export function reportCommand(): Command {
  return command('report', {
    about:
      'Regenerates the Allure site, conformance.md and junit.xml, or merges several report folders, such as those of shards, into one.',
    example: 'npx meshproof report shard-1 shard-2 --into=meshproof-report',
  })
    .argument('[folders...]', `report folders; default ${reportName()}`)
    .option('--into <folder>', `folder to write to; default the report folder itself, or ${reportName()} for several`)
    .option('--against <report>', 'report folder of an earlier run; show what is new, fixed or regressed since')
    .option('--short', 'print only the result, ready to paste into a chat')
    .action(async (folders: string[], options: ReportOptions) => {
      const { makeReport } = await import('../actions/report.ts');
      process.exitCode = await makeReport(folders, options);
    });
}
