import { isDeepStrictEqual } from 'node:util';

import { ExecaError } from 'execa';

import { MeshproofError } from '../errors.ts';
import type { MeshTool, ReportedProxy, ReportedVersions, ToolAnswer } from '../mesh/adapter.ts';
import type { ClusterAccess } from '../mesh/access.ts';
import { runLinkerd, type LinkerdCli } from './cli.ts';
import { proxyImage, tagOf, withProxy } from './proxy/admin.ts';

/** Its checks wait for missing objects; existing ones are found at once. */
const WAIT = ['--wait', '5s'];

/** The linkerd command, used as on the command line. */
export class LinkerdTool implements MeshTool {
  readonly #tool: () => Promise<LinkerdCli>;
  readonly #access: ClusterAccess;

  constructor(tool: () => Promise<LinkerdCli>, access: ClusterAccess) {
    this.#tool = tool;
    this.#access = access;
  }

  async run(args: readonly string[], input?: string): Promise<ToolAnswer> {
    const { exitCode, stdout, stderr } = await this.#answer(args, input);
    return { exitCode, said: `${stderr}\n${stdout}`.trim() };
  }

  async versions(namespaces: readonly string[]): Promise<ReportedVersions> {
    const tool = await this.#tool();
    const reports = await Promise.all(
      namespaces.map(async (namespace) => {
        const text = await runLinkerd(tool, ['version', '--proxy', '--namespace', namespace]);
        const pods = withProxy(await this.#access.pods(namespace));
        const tagged = pods.map((pod) => ({ pod: `${namespace}/${pod.metadata.name}`, version: tagOf(proxyImage(pod) ?? '') }));
        return { ...parseVersions(text), tagged };
      }),
    );
    const [first] = reports;
    return {
      client: first?.client ?? '',
      controlPlane: first === undefined || first.server === '' ? [] : [first.server],
      proxies: reports.flatMap(reportedIn),
    };
  }

  async preflight(as?: string): Promise<string[]> {
    const user = as === undefined ? [] : ['--as', as];
    // Without an expected version, the command asks the project's server for the newest one, and reports itself to it.
    const expected = ['--expected-version', (await this.#tool()).version];
    return parsePreflight(await this.#answer(['check', '--pre', ...WAIT, '--output', 'json', ...expected, ...user]));
  }

  async #answer(args: readonly string[], input?: string): Promise<Answer> {
    const tool = await this.#tool();
    try {
      return { exitCode: 0, stdout: await runLinkerd(tool, args, input === undefined ? {} : { input }), stderr: '' };
    } catch (error) {
      const ended = error instanceof MeshproofError && error.code === 'COMMAND_FAILED' ? error.cause : undefined;
      if (!(ended instanceof ExecaError) || ended.exitCode === undefined) throw error;
      return { exitCode: ended.exitCode, stdout: ended.stdout ?? '', stderr: ended.stderr ?? '' };
    }
  }
}

interface Answer {
  exitCode: number;
  stdout: string;
  stderr: string;
}

interface Counted {
  client: string;
  server: string;
  /** How many proxies run each version. */
  proxies: Map<string, number>;
}

/** Parses the output of `linkerd version --proxy`. */
export function parseVersions(text: string): Counted {
  const after = (words: string): string => new RegExp(`^${words}: (\\S+)$`, 'm').exec(text)?.[1] ?? '';
  const counts = [...text.matchAll(/^\t(\S+) \((\d+) pods?\)$/gm)].map(([, version = '', count]) => [version, Number(count)] as const);
  return { client: after('Client version'), server: after('Server version'), proxies: new Map(counts) };
}

/**
 * The command counts proxies by the tag of their image, and names none. If its count equals the number of pods with a tag, those pods are
 * known.
 * @param tagged the pods with a proxy, each with the tag of its image
 */
export function reportedIn({ proxies, tagged }: Pick<Counted, 'proxies'> & { tagged: readonly ReportedProxy[] }): ReportedProxy[] {
  const versions = [...proxies].flatMap(([version, count]) => Array.from({ length: count }, () => version)).toSorted();
  const isSame = isDeepStrictEqual(versions, tagged.map(({ version }) => version).toSorted());
  return isSame ? [...tagged] : versions.map((version) => ({ pod: `one of ${tagged.length} pods`, version }));
}

interface Report {
  categories?: { checks?: { description?: string; error?: string; result?: string }[] }[];
}

/**
 * Parses the output of `linkerd check --pre --output json`: each failed check with its reason.
 * @throws MeshproofError `COMMAND_FAILED` if it failed without naming one
 */
export function parsePreflight({ exitCode, stdout, stderr }: Answer): string[] {
  const begin = stdout.indexOf('{');
  const { categories = [] }: Report = begin === -1 ? {} : JSON.parse(stdout.slice(begin));
  const failed = categories.flatMap(({ checks = [] }) => checks.filter(({ result }) => result === 'error'));
  if (failed.length > 0) return failed.map(({ description = '', error = '' }) => `${description}: ${error}`);
  if (exitCode === 0) return [];
  throw new MeshproofError('COMMAND_FAILED', `the preflight check exited with ${exitCode} and reported nothing: ${stderr.slice(-300)}`);
}
