import type { PodRef } from '../kubernetes/manifest.ts';
import type { ClusterAccess } from '../mesh/access.ts';
import { DiagnosticFiles } from '../mesh/diagnostic-files.ts';
import { fileName } from '../printable.ts';
import { ADMIN_PORT, PROXY_CONTAINER } from './proxy/admin.ts';

const LOG_LINES = 1_000;
/** Containers of the control plane whose logs show what happened to configuration. */
const CONTROL_PLANE = ['policy', 'destination', 'identity', 'proxy-injector', 'sp-validator'];

/**
 * Collects data that helps to understand a failure: file name → text. Never throws: a file that could not be read contains the reason.
 * @param only the namespace of a rig on an existing cluster: of the control plane's logs only lines that name it are kept
 */
export async function linkerdDiagnostics(
  access: ClusterAccess,
  controlPlane: string,
  pods: readonly PodRef[],
  only?: string,
): Promise<Record<string, string>> {
  const files = new DiagnosticFiles();
  const ofProxy = async (pod: PodRef): Promise<void> => {
    const folder = fileName(pod.name);
    await Promise.all([
      files.keep(`${folder}/metrics.txt`, async () => await access.fetchText(pod, ADMIN_PORT, '/metrics')),
      files.keep(`${folder}/proxy.log`, async () => await access.logs(pod, PROXY_CONTAINER, LOG_LINES)),
    ]);
  };
  const control = await access.pods(controlPlane).catch(() => []);
  const ofControlPlane = control.flatMap(({ metadata, spec }) =>
    spec.containers
      .filter(({ name }) => CONTROL_PLANE.includes(name))
      .map(({ name }) =>
        files.keep(`${fileName(metadata.name)}/${name}.log`, async () => ofRig(await access.logs(metadata, name, LOG_LINES), only)),
      ),
  );
  await Promise.all([...pods.map(ofProxy), ...ofControlPlane]);
  return files.texts;
}

function ofRig(log: string, only: string | undefined): string {
  return only === undefined
    ? log
    : log
        .split('\n')
        .filter((line) => line.includes(only))
        .join('\n');
}
