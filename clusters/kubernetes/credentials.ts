import { readFile } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http';

import type { KubeConfig } from '@kubernetes/client-node';
import type { ClientOptions } from 'ws';

import { causeOf } from '../errors.ts';
import { LOG_IN, problemWith, problemWithData } from './credential-problems.ts';
import { CredentialPlugin, type PluginFields } from './credential-plugin.ts';
import { omitUndefined } from './omit-undefined.ts';
import type { ClusterFields, OneContext, UserFields } from './kubeconfig.ts';
import { invalid } from './kubeconfig-file.ts';
import { proxyFor } from './proxy.ts';

/** What a request or a WebSocket needs in addition to its URL. */
export type Secured = Omit<ClientOptions, 'headers'> & { headers?: OutgoingHttpHeaders; servername?: string; auth?: string };

/**
 * How a context reaches and authenticates to its API server, as kubectl would. The Kubernetes client handles certificates, tokens, OIDC and
 * proxies; this class adds what it lacks: credential plug-ins, token files, impersonation of groups and extras, plain HTTP, the CA of a
 * context without a user, and the proxy from the environment.
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
      throw invalid(`context ${context}`, 'it impersonates a uid, groups or extras without a user');
    const server = addressOf(cluster, user);
    if (server === undefined) throw invalid(`context ${context}`, 'the address of its server is not an http:// or https:// URL');
    const problem = problemWith(user) ?? problemWithData({ ...user, ...cluster });
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
   * Settings for the next request. Files are read and plug-ins run again, unless their credentials are still valid.
   * @throws MeshproofError `CREDENTIAL_PLUGIN`, the signal's reason, or an error of the Kubernetes client
   */
  async settings(signal?: AbortSignal): Promise<Secured> {
    const { token, clientCertificateData: cert, clientKeyData: key } = (await this.#plugin?.credential(signal)) ?? {};
    const options: ClientOptions = omitUndefined({ cert, key });
    await orAborted(this.#client.applyToHTTPSOptions(options), signal);
    const provider = this.#user['auth-provider']?.name;
    // Without a token the request would be anonymous, and the response would blame the account's permissions.
    if (provider && options.headers?.['Authorization'] === undefined) {
      throw new Error(`its auth-provider ${provider} has no valid token and cannot obtain a new one; ${LOG_IN}`);
    }
    const headers: OutgoingHttpHeaders = { ...options.headers, ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) };
    if (this.#user.tokenFile !== undefined) headers['Authorization'] = `Bearer ${await this.#tokenIn(this.#user.tokenFile)}`;
    for (const [name, values] of impersonation(this.#user)) headers[name] = values.map(headerText);
    return { ...options, headers };
  }

  /** Uses the last token if the file cannot be read, because it may be being replaced. */
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

/** The result, unless the signal aborts first, because renewing a token may take long. */
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

/** The API server's address; if the kubeconfig omits the scheme, TLS settings decide it. Undefined for an invalid URL. */
export function addressOf(cluster: ClusterFields, user: UserFields): URL | undefined {
  const tls =
    cluster['insecure-skip-tls-verify'] === true ||
    [cluster['certificate-authority'], cluster['certificate-authority-data']].some((authority) => authority !== undefined) ||
    [user['client-certificate'], user['client-certificate-data']].some((certificate) => certificate !== undefined);
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(cluster.server) ? cluster.server : `${tls ? 'https' : 'http'}://${cluster.server}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) ? url : undefined;
}

/** The impersonation headers. */
function impersonation(user: UserFields): [name: string, values: string[]][] {
  const { as, 'as-uid': uid, 'as-groups': groups, 'as-user-extra': extras } = user;
  const all: [string, string[]][] = [
    ['Impersonate-User', as === undefined ? [] : [as]],
    ['Impersonate-Uid', uid === undefined ? [] : [uid]],
    // A single name instead of a list counts as a list of one.
    ['Impersonate-Group', [groups ?? []].flat()],
    ...Object.entries(extras ?? {}).map(([key, values]): [string, string[]] => [`Impersonate-Extra-${headerName(key)}`, [values].flat()]),
  ];
  return all.filter(([, values]) => values.length > 0);
}

/** The API server decodes the percent-encoding. */
function headerName(key: string): string {
  return encodeURIComponent(key.toLowerCase()).replaceAll(/[()]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
}

/** Names in headers are UTF-8 in Kubernetes; each byte becomes one character. */
function headerText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The context in a form that the client handles correctly. */
function forClient(config: OneContext, server: URL, proxy: string | undefined): unknown {
  const [{ name, cluster }] = config.clusters;
  const [{ name: context }] = config.contexts;
  const { tokenFile, exec: _plugin, as: _as, ...user } = config.users[0]?.user ?? {};
  const account = config.users[0]?.name ?? 'nobody';
  // The client refuses plain HTTP unless verification is skipped; without a user it would ignore the CA.
  const reached = {
    ...overFiles(cluster),
    server: server.href,
    // Under socks5, the client would resolve the server's name on this machine; kubectl leaves that to the proxy.
    ...omitUndefined({ 'proxy-url': proxy?.replace(/^socks5:/i, 'socks5h:') }),
    ...(server.protocol === 'http:' ? { 'insecure-skip-tls-verify': true } : {}),
  };
  const known = {
    ...overFiles(user),
    // The client would send the word `undefined`.
    ...(user.username === undefined ? {} : { password: user.password ?? '' }),
    // A token would take precedence over that in the file.
    ...(tokenFile === undefined ? {} : { token: undefined }),
    ...omitUndefined({ 'auth-provider': renewable(user['auth-provider']) }),
  };
  return {
    ...config,
    contexts: [{ name: context, context: { cluster: name, user: account } }],
    clusters: [{ name, cluster: reached }],
    users: [{ name: account, user: known }],
  };
}

/** Inline data in a kubeconfig takes precedence over a file for the same field; the client would read the file. */
function overFiles(fields: object): object {
  const written = Object.entries(fields).flatMap(([name, value]) =>
    value && name.endsWith('-data') ? [name.slice(0, -'-data'.length)] : [],
  );
  return { ...fields, ...Object.fromEntries(written.map((name) => [name, undefined])) };
}

/** A token that expired in 1970. */
const EXPIRED = `${[{}, { exp: 1 }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`;

/** Without any ID token, the client would not use the refresh token either. */
function renewable(provider: UserFields['auth-provider']): UserFields['auth-provider'] {
  if (provider?.name !== 'oidc') return provider;
  const { config } = provider;
  return { ...provider, config: { ...config, 'id-token': config?.['id-token'] || EXPIRED } };
}

/** The cluster extension with the configuration for its plug-in. */
const PLUGIN_CONFIG = 'client.authentication.k8s.io/exec';

const EXEC_INFO = 'KUBERNETES_EXEC_INFO';

/** The JSON that a credential plug-in gets in its environment. */
async function execInfo(exec: PluginFields, cluster: ClusterFields): Promise<string> {
  const { server, 'proxy-url': proxy, 'certificate-authority': file, 'certificate-authority-data': data } = cluster;
  const clusterInfo = {
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
  const spec = { interactive: false, ...(exec.provideClusterInfo === true ? { cluster: clusterInfo } : {}) };
  return JSON.stringify({ apiVersion: exec.apiVersion, kind: 'ExecCredential', spec });
}
