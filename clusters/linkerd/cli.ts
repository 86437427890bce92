import { MeshproofError } from '../errors.ts';
import { exec, type ExecOptions } from '../exec.ts';
import { pathOf } from '../images/tools.ts';
import type { MeshCluster } from '../mesh/module.ts';
import type { TaskContext } from '../task-context.ts';
import { linkerdTool } from './images.ts';
import { linkerdVersion } from './versions.ts';

const TIMEOUT_MS = 60_000;

/** The linkerd command and the cluster that it works on. */
export interface LinkerdCli {
  /** Path of the program. */
  linkerd: string;
  /** Its version. */
  version: string;
  kubeconfig: string;
  context: string;
}

/** @throws MeshproofError `NO_KUBECONFIG`, or `TOOL_UNAVAILABLE` if the command of that version cannot be obtained */
export async function linkerdOn({ kubeconfig, context, meshVersion }: Partial<MeshCluster>, task: TaskContext): Promise<LinkerdCli> {
  if (kubeconfig === undefined || context === undefined) throw new MeshproofError('NO_KUBECONFIG', 'linkerd needs a kubeconfig');
  const linkerd = await pathOf(linkerdTool(meshVersion), task);
  return { linkerd, version: linkerdVersion(meshVersion).name, kubeconfig, context };
}

/** Runs the command against the cluster and returns its output. */
export async function runLinkerd(
  { linkerd, kubeconfig, context }: LinkerdCli,
  args: readonly string[],
  options: ExecOptions = {},
): Promise<string> {
  return await exec(linkerd, [...args, '--kubeconfig', kubeconfig, '--context', context], { timeoutMs: TIMEOUT_MS, ...options });
}
