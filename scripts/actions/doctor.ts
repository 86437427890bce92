import { readHost } from '../../clusters/engine/host.ts';
import { EXIT } from '../../clusters/errors.ts';
import type { ImageSource } from '../../clusters/images/registry.ts';
import { meshModule } from '../../clusters/meshes.ts';
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
import { downloadFinding, toolFindings } from '../doctor/tools.ts';
import { wayFindings } from '../doctor/way.ts';
import { contradiction, imageSourceOf } from '../run/provider.ts';

/** Examines this machine, or a cluster that exists, and prints the findings. @returns the exit code */
export async function diagnose(options: DoctorOptions): Promise<number> {
  refuseStray(options);
  const source = await imageSourceOf(options);
  const findings = options.provider === 'existing' ? await examineCluster(options) : await examineMachine(options, source);
  const healthy = findings.every(({ status }) => status !== 'failed');
  const text = options.output === 'json' ? JSON.stringify({ healthy, findings }, undefined, 2) : inLines(findings);
  process.stdout.write(`${text}\n`);
  return healthy ? EXIT.ok : EXIT.unproven;
}

const OF_CLUSTERS = {
  context: '--context',
  kubeconfig: '--kubeconfig',
  revision: '--revision',
  namespaces: '--namespaces',
  sampleImage: '--sample-image',
  pullSecret: '--pull-secret',
  suite: '--suite',
  check: '--check',
  allowMeshWide: '--allow-mesh-wide',
} as const satisfies Partial<Record<keyof DoctorOptions, string>>;

/** Otherwise an option for an existing cluster would be ignored, and the local machine be reported healthy instead. */
function refuseStray(options: DoctorOptions): void {
  if (options.provider === 'existing') return;
  const given = (name: keyof typeof OF_CLUSTERS): boolean => options[name] !== undefined && String(options[name]) !== '';
  const stray = (Object.keys(OF_CLUSTERS) as (keyof typeof OF_CLUSTERS)[]).find(given);
  if (stray !== undefined)
    throw contradiction(
      `${OF_CLUSTERS[stray]} applies to existing clusters, but this would examine the local machine`,
      'add --provider=existing',
    );
}

async function examineMachine(options: DoctorOptions, source: ImageSource): Promise<Finding[]> {
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
  const { tool } = await meshModule(options.mesh);
  return [nodeFinding(), await downloadFinding([tool()]), ...(await clusterFindings(options))];
}
