import { causeOf } from '../errors.ts';
import type { PodRef } from '../kubernetes/manifest.ts';
import type { ClusterAccess } from './access.ts';
import type { Istiod } from './istiod.ts';
import { ADMIN_PORT } from './proxy-admin.ts';

/** Pages of a proxy's administration interface, and the file that each becomes. */
const PROXY_PAGES: readonly (readonly [file: string, path: string])[] = [
  ['config-dump.json', '/config_dump?include_eds'],
  ['clusters.txt', '/clusters'],
  ['stats.txt', '/stats?usedonly'],
  ['certs.json', '/certs'],
];
/** Without /debug/configz: the objects of other people's namespaces are none of a report's business. */
const ISTIOD_PAGES: readonly (readonly [file: string, path: string])[] = [
  ['syncz.json', '/debug/syncz'],
  ['push-status.json', '/debug/push_status'],
];
const LOG_LINES = 1_000;

/** Collects what helps to understand a failure: file name → text. Never throws: what could not be had says why. */
export async function istioDiagnostics(access: ClusterAccess, istiod: Istiod, pods: readonly PodRef[]): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const keep = async (file: string, read: () => Promise<string>): Promise<void> => {
    files[file] = await read().catch((error: unknown) => `not available: ${causeOf(error)}\n`);
  };
  const perIstiod = async (file: string, read: () => Promise<{ pod: string; text: string }[]>): Promise<void> => {
    try {
      for (const { pod, text } of await read()) files[`${pod}/${file}`] = text;
    } catch (error) {
      files[`istiod/${file}`] = `not available: ${causeOf(error)}\n`;
    }
  };
  await Promise.all([
    ...pods.flatMap((pod) => [
      ...PROXY_PAGES.map(
        async ([file, path]) => await keep(`${pod.name}/${file}`, async () => await access.fetchText(pod, ADMIN_PORT, path)),
      ),
      keep(`${pod.name}/proxy.log`, async () => await access.logs(pod, 'istio-proxy', LOG_LINES)),
    ]),
    ...ISTIOD_PAGES.map(async ([file, path]) => await perIstiod(file, async () => await istiod.page(path))),
    perIstiod('istiod.log', async () => await istiod.logs(LOG_LINES)),
  ]);
  return files;
}
