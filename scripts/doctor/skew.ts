import { causeOf } from '../../clusters/errors.ts';
import { omitUndefined } from '../../clusters/kubernetes/omit-undefined.ts';
import type { MeshAdapter } from '../../clusters/mesh/adapter.ts';
import type { MeshSurvey } from '../../clusters/mesh/survey.ts';
import { judge, type Finding } from './finding.ts';

/** Whether the mesh is installed, facts about it, and whether its control plane supports the versions of its proxies. */
export async function meshFindings(mesh: MeshAdapter, found: MeshSurvey | string, signal: AbortSignal): Promise<Finding[]> {
  const category = 'mesh';
  const about = { category, check: `${mesh.facts.name} is installed` };
  const hint = 'install it first; if it is installed, the account may lack permissions: npx meshproof rbac prints those that a run needs';
  if (typeof found === 'string') return [judge({ ...about, seen: found }, false, 'failed', hint)];
  const { versions, facts, standing } = found;
  const ok = { category, status: 'ok' } as const;
  return [
    { ...about, ...ok, seen: `${mesh.facts.parts.controlPlane} ${versions.join(', ')}` },
    ...Object.entries(facts).map(([check, seen]): Finding => ({ ...ok, check, seen })),
    ...standing.map((seen): Finding => ({ ...ok, check: 'configured for all namespaces', seen })),
    await proxyFinding(mesh, versions.join(', '), signal),
  ];
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
