import { Option, type Command } from 'commander';

import { UPGRADE_WAYS } from '../../clusters/mesh/upgrade.ts';
import { UPGRADABLE_MESHES } from '../../clusters/meshes.ts';
import { newClusterName } from '../../clusters/names.ts';
import { reportName } from '../../fixtures/contract/settings.ts';
import type { UpgradeOptions } from '../actions/upgrade.ts';
import { clusterName, REGISTRY } from '../console/cluster-options.ts';
import { command, duration, names } from '../console/command.ts';
import { meshOption, meshVersionOption } from '../console/mesh-option.ts';
import { requestRate } from '../console/request-rate.ts';

const DETAILS = `
Exit codes of upgrade:
  0  GO
  1  NO-GO: requests or dry runs failed because of the upgrade, something was let through that must be refused, the version was not reached, or a check fails that passed before
  3  NOT KNOWN: the upgrade was not completed or not watched long enough to judge, or a problem of the tool, the machine or the cluster`;

export function upgradeCommand(): Command {
  const upgrade = command('upgrade', {
    about:
      'Creates a cluster with one version of a mesh, upgrades it to another under load, and removes the cluster. Reports what failed in each step, compared with a restart without an upgrade.',
    example: 'npx meshproof upgrade --from=1.30 --to=1.31 --by=revision --rollback',
  })
    .addOption(meshOption('mesh to upgrade; for others: npx meshproof watch', UPGRADABLE_MESHES))
    .addOption(meshVersionOption('--from <version>', 'version to upgrade from', UPGRADABLE_MESHES).makeOptionMandatory())
    .addOption(
      meshVersionOption(
        '--to <version>',
        'version to upgrade to; the same version shows what the procedure alone costs',
        UPGRADABLE_MESHES,
      ).makeOptionMandatory(),
    )
    .addOption(
      new Option('--by <way>', 'in-place replaces the control plane; revision installs the new one beside it and removes the old one last')
        .choices(UPGRADE_WAYS)
        .default('in-place'),
    )
    .option('--rollback', 'roll back to the first version afterwards, in the same way', false)
    .addOption(
      new Option(
        '--suite <names...>',
        'run these suites before the upgrade, after it and after the rollback, and compare; all stands for every suite',
      )
        .argParser(names)
        .default([], 'none'),
    )
    .addOption(
      new Option('--hold <time>', 'how long nothing is done before and after each change, to see its effects')
        .argParser(duration)
        .default(25_000, '25s'),
    )
    .addOption(
      new Option('--budget <time>', 'total outage time that each class of requests may have in a step in which no pods are restarted')
        .argParser(duration)
        .default(0, '0s'),
    )
    .option('--rate <n>', 'requests per second of each class', requestRate, 10)
    .option('--report <folder>', 'report folder: new, empty or an earlier report', reportName());
  const name = new Option('--name <name>', 'name of the cluster').default(newClusterName(), 'meshproof- and four hexadecimal digits');
  return upgrade
    .addOption(name.argParser(clusterName))
    .option('--images <source>', 'auto, pull, build, or a folder of image archives', 'auto')
    .option('--registry <prefix>', REGISTRY)
    .option('--no-engine', 'never start a private Docker engine')
    .addHelpText('after', DETAILS)
    .action(async (options: UpgradeOptions) => {
      const { upgradeMesh } = await import('../actions/upgrade.ts');
      process.exitCode = await upgradeMesh(options);
    });
}
