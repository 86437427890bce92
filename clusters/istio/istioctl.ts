import { MeshproofError } from '../errors.ts';
import { exec } from '../exec.ts';
import type { TaskContext } from '../task-context.ts';
import { istioOperator, type IstioProfile } from './revisions/operator.ts';

/** The command-line tool and the cluster that it works on. */
export interface Istioctl {
  /** Path of the program, or its name on PATH. */
  istioctl: string;
  kubeconfig: string;
  context: string;
  /** Namespace of the control plane that it queries and injects for; default istioctl's own. */
  namespace?: string;
  revision?: string;
}

/** The flags that tell istioctl which cluster and control plane to use. */
export function placeFlags({ kubeconfig, context, namespace }: Istioctl): string[] {
  return ['--kubeconfig', kubeconfig, '--context', context, ...(namespace === undefined ? [] : ['--istioNamespace', namespace])];
}

const TIMEOUT_MS = 300_000;

/**
 * Installs Istio, or changes an installation to match the profile, and returns when istiod is ready.
 * @throws MeshproofError with code `PROGRAM_MISSING`, `COMMAND_TIMED_OUT` or `COMMAND_FAILED`
 */
export async function installIstio(tool: Istioctl, profile: IstioProfile, task: TaskContext = {}): Promise<void> {
  task.progress?.('installing istiod');
  await installFrom(tool, istioOperator(profile), {}, task);
}

/**
 * Installs what an IstioOperator resource describes, or changes an installation to match it, and returns when its components are ready.
 * @throws the errors of `installIstio`
 */
export async function installFrom(
  tool: Istioctl,
  resource: Record<string, unknown>,
  { flags = [], readyMs = TIMEOUT_MS }: { flags?: readonly string[]; readyMs?: number },
  task: TaskContext = {},
): Promise<void> {
  await run(tool, ['install', '-y', '-f', '-', '--readiness-timeout', `${readyMs / 1000}s`, ...flags], {
    ...task,
    input: JSON.stringify(resource),
    timeoutMs: readyMs + 30_000,
    hint: 'the events of its namespace say why istiod or a gateway is not ready',
  });
}

/** Removes everything that istioctl installed, including cluster-scoped objects; its namespace is kept. */
export async function uninstallIstio(tool: Istioctl, task: TaskContext = {}): Promise<void> {
  task.progress?.('removing Istio');
  await run(tool, ['uninstall', '--purge', '-y'], { ...task, timeoutMs: TIMEOUT_MS });
}

/** The version that a program named istioctl reports, e.g. "1.31.0". */
export async function istioctlVersion(istioctl: string, task: TaskContext = {}): Promise<string> {
  const text = await exec(istioctl, ['version', '--remote=false', '-o', 'json'], { ...task, timeoutMs: 20_000 });
  const { clientVersion }: { clientVersion?: { version?: string } } = JSON.parse(text);
  if (clientVersion?.version === undefined) {
    throw new MeshproofError('COMMAND_FAILED', `${istioctl} did not report its version: ${text.slice(0, 200)}`);
  }
  return clientVersion.version;
}

async function run(tool: Istioctl, args: readonly string[], options: Parameters<typeof exec>[2]): Promise<void> {
  await exec(tool.istioctl, [...args, '--kubeconfig', tool.kubeconfig, '--context', tool.context], options);
}
