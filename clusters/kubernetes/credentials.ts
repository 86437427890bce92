import { readFile } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http';

import type { KubeConfig } from '@kubernetes/client-node';
import type { ClientOptions } from 'ws';

import { causeOf } from '../errors.ts';
import { CredentialPlugin, type PluginFields } from './credential-plugin.ts';
import { omitUndefined } from './omit-undefined.ts';
import type { ClusterFields, OneContext, UserFields } from './kubeconfig.ts';
import { invalid } from './kubeconfig-file.ts';
import { proxyFor } from './proxy.ts';

/** What a request or a WebSocket needs besides its address. */
export type Secured = Omit<ClientOptions, 'headers'> & { headers?: OutgoingHttpHeaders; servername?: string; auth?: string };

/**
 * How one context reaches its API server and as whom, as kubectl would. Certificates, tokens, OIDC and proxies are the Kubernetes client's;
 * what it leaves out of a kubeconfig is completed here: credential plug-ins, token files, groups and extras of whom one acts as, plain HTTP,
 * the authority where there is no user, and the proxy that the environment names.
 */
export class Credentials {
  readonly server: URL;
  readonly context: string;
  readonly proxied: boolean;
  readonly #client: KubeConfig;
  readonly #user: UserFields;
  readonly #plugin: CredentialPlugin | undefined;
  #token: string | undefined;

  private constructor(client: KubeConfig, { server, context, proxied, user, plugin }: Opened) {
    this.server = server;
    this.context = context;
    this.proxied = proxied;
    this.#client = client;
    this.#user = user;
    this.#plugin = plugin;
    this.#token = user.token;
  }

  /**
   * Opens a context in the Kubernetes client, whose import takes 0.3 s.
   * @throws MeshproofError with code `KUBECONFIG_INVALID`
   */
  static async open(config: OneContext): Promise<Credentials> {
    const context = config['current-context'];
    const [{ cluster }] = config.clusters;
    const user = config.users[0]?.user ?? {};
    if (user.as === undefined && impersonation(user).length > 0)
      throw invalid(`context ${context}`, 'it has a uid, groups or extras to act as without a user');
    const server = addressOf(cluster, user);
    if (server === undefined)
      throw invalid(`context ${context}`, 'the address of its server does not begin with http:// or https://, or is none');
    const problem = problemWith(user);
    if (problem !== undefined) throw invalid(`context ${context}`, problem);
    const proxy = cluster['proxy-url'] ?? proxyFor(server);
    const { KubeConfig } = await import('@kubernetes/client-node');
    const client = new KubeConfig();
    try {
      client.loadFromString(JSON.stringify(forClient(config, server, proxy)));
    } catch (error) {
      throw invalid(`context ${context}`, causeOf(error));
    }
    const plugin = user.exec && new CredentialPlugin(user.exec, { [EXEC_INFO]: await execInfo(user.exec, cluster) });
    return new Credentials(client, { server, context, proxied: proxy !== undefined, user, plugin });
  }

  /**
   * Settings for the next request: files are read and plug-ins are asked anew, unless what they said before is still valid.
   * @throws MeshproofError `CREDENTIAL_PLUGIN`, the signal's reason, or what the Kubernetes client says
   */
  async settings(signal?: AbortSignal): Promise<Secured> {
    const { token, clientCertificateData: cert, clientKeyData: key } = (await this.#plugin?.credential(signal)) ?? {};
    const options: ClientOptions = omitUndefined({ cert, key });
    await orAborted(this.#client.applyToHTTPSOptions(options), signal);
    const headers: OutgoingHttpHeaders = { ...options.headers, ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) };
    if (this.#user.tokenFile !== undefined) headers['Authorization'] = `Bearer ${await this.#tokenIn(this.#user.tokenFile)}`;
    for (const [name, values] of impersonation(this.#user)) headers[name] = values.map(headerText);
    return { ...options, headers };
  }

  /** Whoever renews the file may be at it just now: then the last token that was read counts. */
  async #tokenIn(file: string): Promise<string> {
    try {
      const token = (await readFile(file, 'utf8')).trim();
      if (token === '') throw new Error('it is empty');
      this.#token = token;
    } catch (error) {
      if (this.#token === undefined) throw new Error(`the token file ${file} could not be read: ${causeOf(error)}`, { cause: error });
    }
    return this.#token;
  }
}

interface Opened {
  server: URL;
  context: string;
  proxied: boolean;
  user: UserFields;
  plugin: CredentialPlugin | undefined;
}

/** What the Kubernetes client can do something with; of anything else it would say nothing, or end in a defect. */
const PROVIDERS = ['gcp', 'azure', 'oidc'];

/** Why nobody can be asked for the credentials of a user, or undefined. */
function problemWith({ exec, 'auth-provider': provider }: UserFields): string | undefined {
  if (exec && !exec.command) return 'its credential plug-in has no command';
  if (exec && [exec.args, exec.env].some((list) => list && !Array.isArray(list))) return 'args or env of its credential plug-in is no list';
  if (!provider) return undefined;
  const { name = '', config } = provider;
  const instead = 'log in anew, or use a credential plug-in (exec)';
  if (!PROVIDERS.includes(name)) return `its auth-provider ${name} is not known; ${instead}`;
  return config ? undefined : `its auth-provider ${name} has no config; ${instead}`;
}

/** The answer, unless the signal comes first: whoever renews a token may take its time. */
async function orAborted<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([answer, aborted.promise]);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** The API server's address; where a kubeconfig leaves out the scheme, TLS settings decide. Undefined where it is none. */
export function addressOf(cluster: ClusterFields, user: UserFields): URL | undefined {
  const tls =
    cluster['insecure-skip-tls-verify'] === true ||
    [cluster['certificate-authority'], cluster['certificate-authority-data']].some((authority) => authority !== undefined) ||
    [user['client-certificate'], user['client-certificate-data']].some((certificate) => certificate !== undefined);
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(cluster.server) ? cluster.server : `${tls ? 'https' : 'http'}://${cluster.server}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) ? url : undefined;
}

/** The headers of whom a user acts as, besides the one that the client sends. */
function impersonation(user: UserFields): [name: string, values: string[]][] {
  const { as, 'as-uid': uid, 'as-groups': groups, 'as-user-extra': extras } = user;
  const all: [string, string[]][] = [
    ['Impersonate-User', as === undefined ? [] : [as]],
    ['Impersonate-Uid', uid === undefined ? [] : [uid]],
    // One word instead of a list is taken for a list of it.
    ['Impersonate-Group', [groups ?? []].flat()],
    ...Object.entries(extras ?? {}).map(([key, values]): [string, string[]] => [`Impersonate-Extra-${headerName(key)}`, [values].flat()]),
  ];
  return all.filter(([, values]) => values.length > 0);
}

/** The API server undoes the percent signs. */
function headerName(key: string): string {
  return encodeURIComponent(key.toLowerCase()).replaceAll(/[()]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
}

/** The bytes of UTF-8, which is how Kubernetes writes names into headers, one a character. */
function headerText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The context in the form in which the client gets it right. */
function forClient(config: OneContext, server: URL, proxy: string | undefined): unknown {
  const [{ name, cluster }] = config.clusters;
  const [{ name: context }] = config.contexts;
  const { tokenFile, exec: _plugin, as: _as, ...user } = config.users[0]?.user ?? {};
  const account = config.users[0]?.name ?? 'nobody';
  // Without TLS there is nothing to verify, and the client asks for leave not to; without a user it verifies by no authority.
  const reached = {
    ...cluster,
    server: server.href,
    ...omitUndefined({ 'proxy-url': proxy }),
    ...(server.protocol === 'http:' ? { 'insecure-skip-tls-verify': true } : {}),
  };
  return {
    ...config,
    contexts: [{ name: context, context: { cluster: name, user: account } }],
    clusters: [{ name, cluster: reached }],
    // A token would be sent instead of that in the file.
    users: [{ name: account, user: { ...user, ...(tokenFile === undefined ? {} : { token: undefined }) } }],
  };
}

/** The name under which a cluster keeps what its plug-in is to know of it. */
const PLUGIN_CONFIG = 'client.authentication.k8s.io/exec';

const EXEC_INFO = 'KUBERNETES_EXEC_INFO';

/** What a credential plug-in learns from its environment, as JSON. */
async function execInfo(exec: PluginFields, cluster: ClusterFields): Promise<string> {
  const { server, 'proxy-url': proxy, 'certificate-authority': file, 'certificate-authority-data': data } = cluster;
  const told = {
    server,
    ...omitUndefined({
      'tls-server-name': cluster['tls-server-name'],
      'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'],
      'certificate-authority-data': data ?? (file === undefined ? undefined : (await readFile(file)).toString('base64')),
      'proxy-url': proxy,
      'disable-compression': cluster['disable-compression'],
      config: cluster.extensions?.find(({ name }) => name === PLUGIN_CONFIG)?.extension,
    }),
  };
  const spec = { interactive: false, ...(exec.provideClusterInfo === true ? { cluster: told } : {}) };
  return JSON.stringify({ apiVersion: exec.apiVersion, kind: 'ExecCredential', spec });
}
