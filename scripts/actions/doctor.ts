import { readHost } from '../../clusters/engine/host.ts';
import { EXIT } from '../../clusters/errors.ts';
import { engineFindings } from '../doctor/engine.ts';
import { clusterFindings } from '../doctor/existing.ts';
import type { Finding } from '../doctor/finding.ts';
import { kernelFindings } from '../doctor/kernel.ts';
import { inLines } from '../doctor/lines.ts';
import { folderFinding, limitFindings, machineFindings, nodeFinding } from '../doctor/machine.ts';
import { networkFindings } from '../doctor/network.ts';
import type { DoctorOptions } from '../doctor/options.ts';
import { reachFindings } from '../doctor/reach.ts';
import { cachedImages, stateFindings } from '../doctor/state.ts';
import { toolFindings } from '../doctor/tools.ts';
import { wayFindings } from '../doctor/way.ts';
import { contradiction, requireImageSource } from '../run/provider.ts';

/** Examines this machine, or a cluster that exists, and prints the findings. @returns the exit code */
export async function diagnose(options: DoctorOptions): Promise<number> {
  refuseStray(options);
  const findings = options.provider === 'existing' ? await examineCluster(options) : await examineMachine(options);
  const healthy = findings.every(({ status }) => status !== 'failed');
  const text = options.output === 'json' ? JSON.stringify({ healthy, findings }, undefined, 2) : inLines(findings);
  process.stdout.write(`${text}\n`);
  return healthy ? EXIT.ok : EXIT.unproven;
}

const OPTIONS: Readonly<Record<string, string>> = { sampleImage: 'sample-image', pullSecret: 'pull-secret' };

/** What names an existing cluster would otherwise be passed over, and the machine be found healthy in its place. */
function refuseStray(options: DoctorOptions): void {
  if (options.provider === 'existing') return;
  const stray = (['context', 'kubeconfig', 'namespaces', 'sampleImage', 'pullSecret'] as const).find((name) => options[name] !== undefined);
  if (stray !== undefined)
    throw contradiction(
      `--${OPTIONS[stray] ?? stray} applies to existing clusters, but this would examine the local machine`,
      'add --provider=existing',
    );
}

async function examineMachine(options: DoctorOptions): Promise<Finding[]> {
  const source = await requireImageSource(options);
  const [host, images] = await Promise.all([readHost(), cachedImages()]);
  const found = await Promise.all([
    kernelFindings(),
    engineFindings(host),
    networkFindings(),
    toolFindings(options.mesh),
    wayFindings(options, source),
    options.network ? reachFindings(images.cached === images.all) : [],
    stateFindings(images),
  ]);
  return [...machineFindings(host), await folderFinding(), ...limitFindings(host), ...found.flat()];
}

async function examineCluster(options: DoctorOptions): Promise<Finding[]> {
  return [nodeFinding(), ...(await clusterFindings(options))];
}
