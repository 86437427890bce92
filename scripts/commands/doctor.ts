import { Option, type Command } from 'commander';

import { command, dnsLabel, LONGEST_PREFIX, names, positiveInteger } from '../console/command.ts';
import { meshOption } from '../console/mesh-option.ts';
import type { DoctorOptions } from '../doctor/options.ts';

const DETAILS = `
Of this command, 0 means that nothing has failed (there may be warnings), 3 that something has.

Fields of --output=json:
  healthy             whether nothing has failed
  findings[].category what it is about, e.g. machine, engine, rights
  findings[].check    what should be so
  findings[].status   ok, warning or failed
  findings[].seen     what is so
  findings[].hint     what to do; only where status is not ok`;

export function doctorCommand(): Command {
  return command('doctor', {
    about:
      'Says whether this machine can make clusters, or a cluster of somebody else can be used, and what to do where not. Changes nothing.',
    example: 'npx meshproof doctor --provider=existing --context=staging',
  })
    .addOption(new Option('-o, --output <format>', 'text or json').choices(['text', 'json']).default('text'))
    .option('--no-network', 'ask no registry')
    .optionsGroup('Options for a cluster that exists:')
    .addOption(new Option('--provider <provider>', 'what would be used').choices(['kind', 'existing']).default('kind'))
    .option('--context <name>', 'its kubeconfig context')
    .option('--kubeconfig <file>', 'its kubeconfig; default KUBECONFIG, then ~/.kube/config')
    .option('--namespaces <prefix>', 'of namespaces that its owner made for this', dnsLabel(LONGEST_PREFIX))
    .addOption(meshOption('which mesh'))
    .option('--workers <n>', 'rigs that a run would make', positiveInteger, 2)
    .addOption(new Option('--suite <names...>', 'rights for these suites only').argParser(names).default([], 'all'))
    .addOption(new Option('--check <ids...>', 'rights for these checks only').argParser(names).default([], 'all'))
    .option('--allow-mesh-wide', 'rights for checks that change the whole mesh too')
    .addHelpText('after', DETAILS)
    .action(async (options: DoctorOptions) => {
      const { diagnose } = await import('../actions/doctor.ts');
      process.exitCode = await diagnose(options);
    });
}
