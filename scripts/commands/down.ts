import type { Command } from 'commander';

import { command } from '../console/command.ts';

export function downCommand(): Command {
  return command('down', {
    about: 'Removes a cluster created by `up`; with the last one, also the private Docker engine.',
    example: 'npx meshproof down meshproof-3f9a',
  })
    .argument('[name]', 'cluster to remove; required if there are several')
    .option('--all', 'remove every cluster that no run is using')
    .action(async (name: string | undefined, { all = false }: { all?: boolean }) => {
      const { remove } = await import('../actions/down.ts');
      process.exitCode = await remove(name, all);
    });
}
