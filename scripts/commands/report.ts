import type { Command } from 'commander';

import { reportName } from '../../fixtures/contract/settings.ts';
import type { ReportOptions } from '../actions/report.ts';
import { command } from '../console/command.ts';

export function reportCommand(): Command {
  return command('report', {
    about: 'Makes the Allure site, conformance.md and junit.xml again; of several report folders, such as those of shards, one.',
    example: 'npx meshproof report shard-1 shard-2 --into=meshproof-report',
  })
    .argument('[folders...]', `report folders; default ${reportName()}`)
    .option('--into <folder>', `where it goes; default the folder itself, of several ${reportName()}`)
    .option('--against <report>', 'the folder of an earlier run, to say what is new, fixed and regressed')
    .option('--short', 'print the result in a form to paste into a chat')
    .action(async (folders: string[], options: ReportOptions) => {
      const { remake } = await import('../actions/report.ts');
      process.exitCode = await remake(folders, options);
    });
}
