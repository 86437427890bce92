import type { Command } from 'commander';

import { command } from '../console/command.ts';

export function downCommand(): Command {
  return command('down', {
    about: 'Removes a cluster that `up` made; with the last one, the private Docker engine.',
    example: 'npx meshproof down meshproof-3f9a',
  })
    .argument('[name]', 'which one; needed when there are several')
    .option('--all', 'every cluster that no run uses now')
    .action(async (name: string | undefined, { all = false }: { all?: boolean }) => {
      const { remove } = await import('../actions/down.ts');
      process.exitCode = await remove(name, all);
    });
}
