import { ExecaError } from 'execa';

import { MeshproofError } from '../errors.ts';
import { exec } from '../exec.ts';
import type { MeshTool, ReportedProxy, ReportedVersions, ToolAnswer } from '../mesh/adapter.ts';
import { placeFlags, type Istioctl } from './istioctl.ts';

const TIMEOUT_MS = 60_000;

/** istioctl, as someone at a shell would use it. */
export class IstioTool implements MeshTool {
  readonly #tool: () => Promise<Istioctl>;

  constructor(tool: () => Promise<Istioctl>) {
    this.#tool = tool;
  }

  async run(args: readonly string[], input?: string): Promise<ToolAnswer> {
    const { exitCode, stdout, stderr } = await this.#answer(args, input);
    return { exitCode, said: `${stderr}\n${stdout}`.trim() };
  }

  async versions(namespaces: readonly string[]): Promise<ReportedVersions> {
    const [versions, ...statuses] = await Promise.all([
      this.#read(['version', '--output', 'json']),
      ...namespaces.map((namespace) => this.#read(['proxy-status', '--namespace', namespace, '--output', 'json'])),
    ]);
    return parseVersions(versions, statuses, namespaces);
  }

  async preflight(as?: string): Promise<string[]> {
    const user = as === undefined ? [] : ['--as', as];
    const answer = await this.#answer(['experimental', 'precheck', '--output', 'json', ...user]);
    return parsePreflight(answer);
  }

  async #read(args: readonly string[]): Promise<string> {
    const tool = await this.#tool();
    return await exec(tool.istioctl, [...args, ...placeFlags(tool)], { timeoutMs: TIMEOUT_MS });
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

interface VersionAnswer {
  clientVersion?: { version?: string };
  meshVersion?: { Info?: { version?: string } }[];
  dataPlaneVersion?: { ID?: string; IstioVersion?: string }[];
}

interface StatusAnswer {
  resources?: { node?: { id?: string }; genericXdsConfigs?: { typeUrl?: string; configStatus?: string }[] }[];
}

/** Reads what `istioctl version` says of all proxies, and for those of some namespaces what `istioctl proxy-status` adds. Ids are `<pod>.<namespace>`. */
export function parseVersions(versions: string, statuses: readonly string[], namespaces: readonly string[]): ReportedVersions {
  const { clientVersion, meshVersion = [], dataPlaneVersion = [] }: VersionAnswer = JSON.parse(versions);
  const stale = new Map<string, string[]>();
  for (const text of statuses) {
    const { resources = [] }: StatusAnswer = JSON.parse(text);
    for (const { node, genericXdsConfigs = [] } of resources) {
      const behind = genericXdsConfigs.filter(({ configStatus }) => configStatus !== 'SYNCED');
      stale.set(
        node?.id ?? '',
        behind.map(({ typeUrl = '', configStatus = 'unknown' }) => `${typeUrl.split('.').at(-1)} ${configStatus}`),
      );
    }
  }
  const proxies = dataPlaneVersion.flatMap(({ ID = '', IstioVersion = '' }): ReportedProxy[] => {
    const namespace = namespaces.find((name) => ID.endsWith(`.${name}`));
    if (namespace === undefined) return [];
    const pod = `${namespace}/${ID.slice(0, -namespace.length - 1)}`;
    return [{ pod, version: IstioVersion, stale: stale.get(ID) ?? ['no status'] }];
  });
  return { client: clientVersion?.version ?? '', controlPlane: meshVersion.map(({ Info }) => Info?.version ?? ''), proxies };
}

/**
 * Reads what `istioctl experimental precheck` found. It ends with an error when it found something, and then printed it as JSON; without
 * JSON it is the tool that failed.
 * @throws MeshproofError `COMMAND_FAILED`
 */
export function parsePreflight({ exitCode, stdout, stderr }: { exitCode: number; stdout: string; stderr: string }): string[] {
  if (exitCode === 0) return [];
  const begin = stdout.indexOf('[');
  const found: { code?: string; message?: string }[] = begin === -1 ? [] : JSON.parse(stdout.slice(begin));
  if (found.length > 0) return found.map(({ code = '', message = '' }) => `${code} ${message}`);
  throw new MeshproofError('COMMAND_FAILED', `the preflight ended with ${exitCode} and reported nothing: ${stderr.slice(-300)}`);
}
