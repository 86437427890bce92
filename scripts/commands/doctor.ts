import { Option, type Command } from 'commander';

import { DEFAULT_MESH, MESHES, type Mesh } from '../../clusters/meshes.ts';
import { EXIT } from '../../clusters/errors.ts';
import { command, dnsLabel, LONGEST_PREFIX, names, positiveInteger } from '../console/command.ts';
import type { Finding } from '../doctor/finding.ts';
import { inLines } from '../doctor/lines.ts';

export interface DoctorOptions {
  output: 'text' | 'json';
  network: boolean;
  provider: 'kind' | 'existing';
  mesh: Mesh;
  context?: string;
  kubeconfig?: string;
  namespaces?: string;
  workers: number;
  suite: string[];
  check: string[];
  allowMeshWide?: boolean;
}

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
    .addOption(new Option('--mesh <mesh>', 'which mesh').choices(MESHES).default(DEFAULT_MESH))
    .option('--workers <n>', 'rigs that a run would make', positiveInteger, 2)
    .addOption(new Option('--suite <names...>', 'rights for these suites only').argParser(names).default([], 'all'))
    .addOption(new Option('--check <ids...>', 'rights for these checks only').argParser(names).default([], 'all'))
    .option('--allow-mesh-wide', 'rights for checks that change the whole mesh too')
    .addHelpText('after', DETAILS)
    .action(async (options: DoctorOptions) => {
      const findings = options.provider === 'existing' ? await examineCluster(options) : await examineMachine(options);
      const healthy = findings.every(({ status }) => status !== 'failed');
      const text = options.output === 'json' ? JSON.stringify({ healthy, findings }, undefined, 2) : inLines(findings);
      process.stdout.write(`${text}\n`);
      process.exitCode = healthy ? EXIT.ok : EXIT.unproven;
    });
}

async function examineMachine(options: DoctorOptions): Promise<Finding[]> {
  const [{ readHost }, machine, kernel, engine, network, tools, state, reach] = await Promise.all([
    import('../../clusters/engine/host.ts'),
    import('../doctor/machine.ts'),
    import('../doctor/kernel.ts'),
    import('../doctor/engine.ts'),
    import('../doctor/network.ts'),
    import('../doctor/tools.ts'),
    import('../doctor/state.ts'),
    import('../doctor/reach.ts'),
  ]);
  const [host, images] = await Promise.all([readHost(), state.cachedImages()]);
  const found = await Promise.all([
    kernel.kernelFindings(),
    engine.engineFindings(host),
    network.networkFindings(),
    tools.toolFindings(),
    options.network ? reach.reachFindings(images.cached === images.all) : [],
    state.stateFindings(images),
  ]);
  return [...machine.machineFindings(host), ...found.flat()];
}

async function examineCluster(options: DoctorOptions): Promise<Finding[]> {
  const [{ nodeFinding }, { clusterFindings }] = await Promise.all([import('../doctor/machine.ts'), import('../doctor/existing.ts')]);
  return [nodeFinding(), ...(await clusterFindings(options))];
}
