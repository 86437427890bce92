import { ExecaError } from 'execa';

import { MeshproofError } from '../errors.ts';
import { exec } from '../exec.ts';
import type { MeshTool, ReportedProxy, ReportedVersions, ToolAnswer } from '../mesh/adapter.ts';
import { type Istiod, syncStatuses } from './istiod.ts';
import { istioctlVersion, placeFlags, type Istioctl } from './istioctl.ts';

const TIMEOUT_MS = 60_000;

/** istioctl, used as on the command line. */
export class IstioTool implements MeshTool {
  readonly #tool: () => Promise<Istioctl>;
  readonly #istiod: () => Promise<Istiod>;

  /** @param istiod istiod of the tested control plane */
  constructor(tool: () => Promise<Istioctl>, istiod: () => Promise<Istiod>) {
    this.#tool = tool;
    this.#istiod = istiod;
  }

  async run(args: readonly string[], input?: string): Promise<ToolAnswer> {
    const { exitCode, stdout, stderr } = await this.#answer(args, input);
    return { exitCode, said: `${stderr}\n${stdout}`.trim() };
  }

  /**
   * Read from istiod, as istioctl itself does. istioctl would request a token for a service account of the control plane, which users other
   * than the mesh's owner may not do, and without a default revision it finds no istiod.
   */
  async versions(namespaces: readonly string[]): Promise<ReportedVersions> {
    const [{ istioctl }, istiod] = await Promise.all([this.#tool(), this.#istiod()]);
    const proxiesOf = async (namespace: string): Promise<ReportedProxy[]> =>
      (await istiod.page(`/debug/syncz?namespace=${namespace}`)).flatMap(({ text }) => reportedIn(text, namespace));
    const [client, controlPlane, ...proxies] = await Promise.all([
      istioctlVersion(istioctl),
      istiod.versions(),
      ...namespaces.map(proxiesOf),
    ]);
    return { client, controlPlane, proxies: proxies.flat() };
  }

  async preflight(as?: string): Promise<string[]> {
    const user = as === undefined ? [] : ['--as', as];
    const answer = await this.#answer(['experimental', 'precheck', '--output', 'json', ...user]);
    return parsePreflight(answer);
  }

  async #answer(args: readonly string[], input?: string): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    const tool = await this.#tool();
    try {
      const stdout = await exec(tool.istioctl, [...args, ...placeFlags(tool)], {
        timeoutMs: TIMEOUT_MS,
        ...(input === undefined ? {} : { input }),
      });
      return { exitCode: 0, stdout, stderr: '' };
    } catch (error) {
      const ended = error instanceof MeshproofError && error.code === 'COMMAND_FAILED' ? error.cause : undefined;
      if (!(ended instanceof ExecaError) || ended.exitCode === undefined) throw error;
      return { exitCode: ended.exitCode, stdout: ended.stdout ?? '', stderr: ended.stderr ?? '' };
    }
  }
}

/** The versions of the proxies of a namespace, and the configuration that they have not acknowledged, from istiod's page `/debug/syncz`. */
function reportedIn(text: string, namespace: string): ReportedProxy[] {
  return syncStatuses(text, namespace).map(({ pod, istio_version: version = '', resources = {} }): ReportedProxy => {
    const stale = Object.entries(resources).flatMap(([type, { sent = '', acked = '', lastError = '' }]) => {
      const state = lastError !== '' ? 'rejected' : sent === '' ? 'not sent' : sent === acked ? undefined : 'stale';
      return state === undefined ? [] : [`${type.split('.').at(-1)} ${state}`];
    });
    return { pod: `${namespace}/${pod}`, version, stale };
  });
}

/**
 * Parses the findings of `istioctl experimental precheck`. With findings, it fails and prints them as JSON; without JSON, the tool itself
 * failed.
 * @throws MeshproofError `COMMAND_FAILED`
 */
export function parsePreflight({ exitCode, stdout, stderr }: { exitCode: number; stdout: string; stderr: string }): string[] {
  if (exitCode === 0) return [];
  const begin = stdout.indexOf('[');
  const found: { code?: string; message?: string }[] = begin === -1 ? [] : JSON.parse(stdout.slice(begin));
  if (found.length > 0) return found.map(({ code = '', message = '' }) => `${code} ${message}`);
  throw new MeshproofError('COMMAND_FAILED', `the preflight check exited with ${exitCode} and reported nothing: ${stderr.slice(-300)}`);
}
