import { causeOf } from '../../clusters/errors.ts';
import { meshFound } from '../../clusters/existing/inspection.ts';
import type { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { omitUndefined } from '../../clusters/kubernetes/omit-undefined.ts';
import type { MeshAdapter } from '../../clusters/mesh/adapter.ts';
import { byPart } from '../../clusters/mesh/versions.ts';
import { judge, type Finding } from './finding.ts';

/** Whether the mesh is there, and whether its proxies are of versions that its control plane supports. */
export async function skewFindings(api: KubernetesApi, mesh: MeshAdapter, signal: AbortSignal): Promise<Finding[]> {
  const category = 'mesh';
  const found = await meshFound(api, mesh, [], signal);
  const why = typeof found === 'string' ? found : '';
  const there = typeof found === 'string' ? undefined : found;
  const seen =
    there === undefined
      ? why
      : Object.entries(byPart(mesh.facts, there))
          .map(([part, version]) => `${part} ${version}`)
          .join(', ');
  const about = { category, check: `${mesh.facts.name} is installed`, seen };
  const hint = `install it first; if it is installed, the account may not read ${mesh.facts.controlPlaneNamespace}: npx meshproof rbac prints the permissions`;
  if (there === undefined) return [judge(about, false, 'failed', hint)];
  return [judge(about, true, 'failed', hint), await proxyFinding(mesh, there.controlPlane.join(', '), signal)];
}

async function proxyFinding(mesh: MeshAdapter, control: string, signal: AbortSignal): Promise<Finding> {
  const about = { category: 'mesh', check: 'the control plane supports the versions of its proxies' };
  const versions = await mesh.proxyVersions(omitUndefined({ signal })).catch((error: unknown) => causeOf(error));
  if (typeof versions === 'string') return judge({ ...about, seen: versions }, false, 'warning', mesh.facts.skew.hint);
  const behind = [...versions].filter(([version]) => {
    const distance = (minorOf(control) ?? Number.NaN) - (minorOf(version) ?? Number.NaN);
    return distance > mesh.facts.skew.mostBehind || distance < 0;
  });
  const seen = [...versions].map(([version, count]) => `${count} of ${version}`).join(', ') || 'none connected';
  const hint = `proxies may be ${mesh.facts.skew.mostBehind} minor versions behind ${control} and never ahead: restart their workloads`;
  return judge({ ...about, seen }, behind.length === 0, 'warning', hint);
}

function minorOf(version: string): number | undefined {
  const minor = /^v?\d+\.(\d+)/.exec(version)?.[1];
  return minor === undefined ? undefined : Number(minor);
}
