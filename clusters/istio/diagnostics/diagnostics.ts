import type { PodRef } from '../../kubernetes/manifest.ts';
import { DiagnosticFiles } from '../../mesh/diagnostic-files.ts';
import { fileName } from '../../printable.ts';
import type { ClusterAccess } from '../../mesh/access.ts';
import type { Istiod } from '../istiod.ts';
import { OwnState } from './own-state.ts';
import { ADMIN_PORT } from '../proxy/admin.ts';

type Page = readonly [file: string, path: string, own: (state: OwnState, text: string) => string];

/** The proxy's other pages are filtered by this one. */
const CONFIG_DUMP: Page = ['config-dump.json', '/config_dump?include_eds', (state, text) => state.configDump(text)];
/** Pages of a proxy's administration interface, the file for each, and how to reduce it to what concerns a rig. */
const PROXY_PAGES: readonly Page[] = [
  ['clusters.txt', '/clusters', (state, text) => state.clusters(text)],
  ['stats.txt', '/stats?usedonly', (state, text) => state.stats(text)],
  ['certs.json', '/certs', (_, text) => text],
];
/** Without /debug/configz, because a report must not contain objects of other people's namespaces. */
const ISTIOD_PAGES: readonly Page[] = [
  ['syncz.json', '/debug/syncz', (state, text) => state.syncz(text)],
  ['push-status.json', '/debug/push_status', (state, text) => state.pushStatus(text)],
];
const LOG_LINES = 1_000;

/**
 * Collects data that helps to understand a failure: file name → text. Never throws: a file that could not be read contains the reason.
 * @param only the namespace of a rig on an existing cluster: everything that does not concern it is omitted
 */
export async function istioDiagnostics(
  access: ClusterAccess,
  istiod: Istiod,
  pods: readonly PodRef[],
  only?: string,
): Promise<Record<string, string>> {
  const files = new DiagnosticFiles();
  const perIstiod = async (file: string, read: () => Promise<{ pod: string; text: string }[]>, own: (text: string) => string) => {
    try {
      for (const { pod, text } of await read()) await files.keep(`${fileName(pod)}/${file}`, async () => own(text));
    } catch (error) {
      await files.keep(`istiod/${file}`, () => Promise.reject(error));
    }
  };
  const perProxy = async (pod: PodRef): Promise<void> => {
    const folder = fileName(pod.name);
    const state = stateOf(only);
    const page = async ([file, path, own]: Page, first?: Promise<void>): Promise<void> =>
      await files.keep(`${folder}/${file}`, async () => {
        const text = await access.fetchText(pod, ADMIN_PORT, path);
        await first;
        return whole(text, state, own);
      });
    const dump = page(CONFIG_DUMP);
    await Promise.all([
      dump,
      ...PROXY_PAGES.map(async (other) => await page(other, dump)),
      files.keep(`${folder}/proxy.log`, async () => await access.logs(pod, 'istio-proxy', LOG_LINES)),
    ]);
  };
  const state = stateOf(only);
  await Promise.all([
    ...pods.map(perProxy),
    ...ISTIOD_PAGES.map(
      async ([file, path, own]) =>
        await perIstiod(
          file,
          async () => await istiod.page(path),
          (text) => whole(text, state, own),
        ),
    ),
    perIstiod(
      'istiod.log',
      async () => await istiod.logs(LOG_LINES),
      (text) => whole(text, state, (rig, log) => rig.log(log)),
    ),
  ]);
  return files.texts;
}

function stateOf(only: string | undefined): OwnState | undefined {
  return only === undefined ? undefined : new OwnState(only);
}

/** The whole text, unless it must be limited to one rig. */
function whole(text: string, state: OwnState | undefined, own: Page[2]): string {
  return state === undefined ? text : own(state, text);
}
