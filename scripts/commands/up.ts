import { Option, type Command } from 'commander';

import { DEFAULT_MESH } from '../../clusters/meshes.ts';
import { newClusterName } from '../../clusters/names.ts';
import type { ProvisionOptions } from '../actions/up.ts';
import { addClusterOptions, clusterName } from '../console/cluster-options.ts';
import { command, positiveInteger } from '../console/command.ts';

export function upCommand(): Command {
  const up = command('up', {
    about: 'Brings up a cluster with a mesh and its sample services, and leaves it for `test` to use.',
    example: `npx meshproof up --mesh=${DEFAULT_MESH}`,
  });
  const name = new Option('--name <name>', 'its name').default(newClusterName(), 'meshproof- and four hexadecimal digits');
  return addClusterOptions(up)
    .addOption(name.argParser(clusterName))
    .addOption(new Option('--rigs <n>', 'sets of sample services; as many checks run at once').argParser(positiveInteger).default(2))
    .action(async (options: ProvisionOptions) => {
      const { provision } = await import('../actions/up.ts');
      process.exitCode = await provision(options);
    });
}
