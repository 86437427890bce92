import { readFile } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http';

import type { KubeConfig } from '@kubernetes/client-node';
import type { ClientOptions } from 'ws';

import { causeOf } from '../errors.ts';
import { given } from './given.ts';
import type { ClusterFields, OneContext, UserFields } from './kubeconfig.ts';
import { invalid } from './kubeconfig-file.ts';

/** What a request or a WebSocket needs besides its address. */
export type Secured = Omit<ClientOptions, 'headers'> & { headers?: OutgoingHttpHeaders; servername?: string; auth?: string };

/**
 * How one context reaches its API server and as whom, as kubectl would. Certificates, tokens, OIDC, credential plug-ins and proxies are the
 * Kubernetes client's; what it leaves out of a kubeconfig is completed here: token files, groups and extras of whom one acts as, plain HTTP,
 * the authority where there is no user, and what plug-ins are told of the cluster.
 */
export class Credentials {
  readonly server: URL;
  readonly context: string;
  readonly proxied: boolean;
  readonly #client: KubeConfig;
  readonly #user: UserFields;
  #token: string | undefined;

  private constructor(client: KubeConfig, { server, context, cluster, user }: Opened) {
    this.server = server;
    this.context = context;
    this.proxied = cluster['proxy-url'] !== undefined;
    this.#client = client;
    this.#user = user;
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
    const { KubeConfig } = await import('@kubernetes/client-node');
    const client = new KubeConfig();
    try {
      client.loadFromString(JSON.stringify(await forClient(config, server)));
    } catch (error) {
      throw invalid(`context ${context}`, causeOf(error));
    }
    return new Credentials(client, { server, context, cluster, user });
  }

  /** Settings for the next request: files are read and plug-ins are asked anew, unless what they said before is still valid. */
  async settings(): Promise<Secured> {
    const options: ClientOptions = {};
    await this.#client.applyToHTTPSOptions(options);
    const headers: OutgoingHttpHeaders = { ...options.headers };
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
  cluster: ClusterFields;
  user: UserFields;
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
async function forClient(config: OneContext, server: URL): Promise<unknown> {
  const [{ name, cluster }] = config.clusters;
  const [{ name: context }] = config.contexts;
  const { tokenFile, exec, as: _, ...user } = config.users[0]?.user ?? {};
  const account = config.users[0]?.name ?? 'nobody';
  // Without TLS there is nothing to verify, and the client asks for leave not to; without a user it verifies by no authority.
  const reached = { ...cluster, server: server.href, ...(server.protocol === 'http:' ? { 'insecure-skip-tls-verify': true } : {}) };
  const plugin = exec && { ...exec, env: [...(exec.env ?? []), await execInfo(exec, cluster)] };
  return {
    ...config,
    contexts: [{ name: context, context: { cluster: name, user: account } }],
    clusters: [{ name, cluster: reached }],
    // A token would be sent instead of that in the file.
    users: [{ name: account, user: { ...user, ...given({ exec: plugin }), ...(tokenFile === undefined ? {} : { token: undefined }) } }],
  };
}

/** The name under which a cluster keeps what its plug-in is to know of it. */
const PLUGIN_CONFIG = 'client.authentication.k8s.io/exec';

/** What a credential plug-in learns from its environment. */
async function execInfo(exec: NonNullable<UserFields['exec']>, cluster: ClusterFields): Promise<{ name: string; value: string }> {
  const { server, 'proxy-url': proxy, 'certificate-authority': file, 'certificate-authority-data': data } = cluster;
  const told = {
    server,
    ...given({
      'tls-server-name': cluster['tls-server-name'],
      'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'],
      'certificate-authority-data': data ?? (file === undefined ? undefined : (await readFile(file)).toString('base64')),
      'proxy-url': proxy,
      'disable-compression': cluster['disable-compression'],
      config: cluster.extensions?.find(({ name }) => name === PLUGIN_CONFIG)?.extension,
    }),
  };
  const spec = { interactive: false, ...(exec.provideClusterInfo === true ? { cluster: told } : {}) };
  return { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify({ apiVersion: exec.apiVersion, kind: 'ExecCredential', spec }) };
}
