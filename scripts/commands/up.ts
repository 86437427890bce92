import { Option, type Command } from 'commander';

import { DEFAULT_MESH } from '../../clusters/meshes.ts';
import { newClusterName } from '../../clusters/names.ts';
import type { ProvisionOptions } from '../actions/up.ts';
import { addClusterOptions, clusterName } from '../console/cluster-options.ts';
import { command, positiveInteger } from '../console/command.ts';

export function upCommand(): Command {
  const up = command('up', {
    about: 'Creates a cluster with a mesh and sample services, which is kept for `test` to use.',
    example: `npx meshproof up --mesh=${DEFAULT_MESH}`,
  });
  const name = new Option('--name <name>', 'name of the cluster').default(newClusterName(), 'meshproof- and four hexadecimal digits');
  return addClusterOptions(up)
    .addOption(name.argParser(clusterName))
    .addOption(
      new Option('--rigs <n>', 'number of sets of sample services, and so of checks that can run in parallel')
        .argParser(positiveInteger)
        .default(2),
    )
    .action(async (options: ProvisionOptions) => {
      const { provision } = await import('../actions/up.ts');
      process.exitCode = await provision(options);
    });
}
