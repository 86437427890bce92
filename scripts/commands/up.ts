import { Option, type Command } from 'commander';

import { DEFAULT_MESH } from '../../clusters/meshes.ts';
import { EXIT } from '../../clusters/errors.ts';
import { printable, shellWord } from '../../clusters/printable.ts';
import { addClusterOptions, clusterName, providerOf, requireImageSource, type ClusterOptions } from '../console/cluster-options.ts';
import { command, positiveInteger } from '../console/command.ts';
import { untilInterrupted } from '../console/interrupt.ts';
import { startProgress } from '../console/progress.ts';
import { requireDisk } from '../run/disk.ts';
import { newClusterName } from '../run/cluster.ts';

interface Options extends ClusterOptions {
  name: string;
  rigs: number;
}

export function upCommand(): Command {
  const up = command('up', {
    about: 'Brings up a cluster with a mesh and its sample services, and leaves it for `test` to use.',
    example: `npx meshproof up --mesh=${DEFAULT_MESH}`,
  });
  const name = new Option('--name <name>', 'its name').default(newClusterName(), 'meshproof- and four hexadecimal digits');
  return addClusterOptions(up)
    .addOption(name.argParser(clusterName))
    .addOption(new Option('--rigs <n>', 'sets of sample services; as many checks run at once').argParser(positiveInteger).default(2))
    .action(async ({ name, rigs, ...options }: Options) => {
      const { mesh, engine } = options;
      const signal = untilInterrupted();
      const wanted = { mesh, engine, rigs, provider: await providerOf(options), images: await requireImageSource(options.images) };
      const [{ up }, { keepCluster }, { leaveRigs }] = await Promise.all([
        import('../../clusters/lifecycle.ts'),
        import('../../clusters/registry/owner.ts'),
        import('../../clusters/rigs/lease.ts'),
      ]);
      if (wanted.provider.kind === 'kind') await requireDisk();
      const progress = startProgress();
      const cluster = await up({ ...wanted, name }, { signal, progress: progress.say });
      await leaveRigs(cluster);
      await keepCluster(name);
      progress.pause();
      process.stdout.write(`${cluster.name} is ready: ${printable(JSON.stringify(cluster.versions))}\n`);
      process.stdout.write(`kubectl --kubeconfig ${shellWord(cluster.kubeconfig)} --context ${shellWord(cluster.context)} get pods -A\n`);
      process.exitCode = EXIT.ok;
    });
}
