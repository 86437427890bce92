import { dirname, resolve } from 'node:path';

import { EXIT, MeshproofError } from '../errors.ts';
import { didYouMean } from './closest.ts';
import { contentOf, invalid, kubeconfigFiles } from './kubeconfig-file.ts';
import { isObject } from './merge-patch.ts';

export interface KubeContext {
  name: string;
  cluster: string;
  /** The API server's address; '' if the kubeconfig does not define the context's cluster. */
  server: string;
  namespace: string | undefined;
}

export interface Kubeconfig {
  /** The files that were read; as with kubectl, the first to define a name wins. */
  files: string[];
  contexts: KubeContext[];
  currentContext: string | undefined;
}

/** A kubeconfig's entry for an API server; fields that only kubectl or a plug-in reads are kept too. */
export interface ClusterFields {
  server: string;
  'certificate-authority'?: string;
  'certificate-authority-data'?: string;
  'insecure-skip-tls-verify'?: boolean;
  'tls-server-name'?: string;
  'proxy-url'?: string;
  'disable-compression'?: boolean;
  extensions?: { name: string; extension: unknown }[] | null;
}

/** A kubeconfig's entry for a user: credentials, and whom to impersonate. */
export interface UserFields {
  token?: string;
  tokenFile?: string;
  username?: string;
  password?: string;
  'client-certificate'?: string;
  'client-certificate-data'?: string;
  'client-key'?: string;
  'client-key-data'?: string;
  as?: string;
  'as-uid'?: string;
  'as-groups'?: string[] | null;
  'as-user-extra'?: Record<string, string[]> | null;
  exec?: {
    apiVersion?: string;
    command?: string;
    args?: string[] | null;
    env?: { name: string; value: string }[] | null;
    /** How to install the program. */
    installHint?: string;
    provideClusterInfo?: boolean;
  };
  'auth-provider'?: { name?: string; config?: Record<string, unknown> | null };
}

/** A kubeconfig with a single context and all its fields, with absolute paths, so that it can be written to another folder. */
export interface OneContext {
  apiVersion: 'v1';
  kind: 'Config';
  'current-context': string;
  contexts: [{ name: string; context: { cluster: string; user?: string | undefined } }];
  clusters: [{ name: string; cluster: ClusterFields }];
  /** None if the context needs no credentials. */
  users: [{ name: string; user: UserFields }] | [];
}

/**
 * Reads the contexts of a kubeconfig, without credentials and without loading the Kubernetes client.
 * @throws MeshproofError with code `KUBECONFIG_MISSING` or `KUBECONFIG_INVALID`
 */
export async function readKubeconfig(file?: string): Promise<Kubeconfig> {
  return offered(await merge(file));
}

function offered({ files, contexts, clusters, currentContext }: Merged): Kubeconfig {
  const found = [...contexts.values()].map(({ name, fields }): KubeContext => {
    const cluster = textOf(fields['cluster']);
    const server = textOf(clusters.get(cluster)?.fields['server']);
    return { name, cluster, server, namespace: textOf(fields['namespace']) || undefined };
  });
  return { files, contexts: found, currentContext };
}

/**
 * The context of that name, or the current one.
 * @throws MeshproofError with code `CONTEXT_UNKNOWN`, which lists the existing ones
 */
export function chooseContext({ files, contexts, currentContext }: Kubeconfig, name?: string): KubeContext {
  const wanted = name ?? currentContext;
  const found = contexts.find((context) => context.name === wanted);
  if (found !== undefined) return found;
  const names = contexts.map((context) => context.name);
  const exist = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
  const message =
    wanted === undefined
      ? `${files.join(', ')} names no current context; ${exist}`
      : `there is no context "${wanted}" in ${files.join(', ')}; ${exist}${didYouMean(wanted, names)}`;
  throw new MeshproofError('CONTEXT_UNKNOWN', message, { exitCode: EXIT.usage, hint: 'choose one with --context' });
}

/**
 * Reads one context with all its fields. The rest of the files may be incomplete or invalid.
 * @throws MeshproofError with code `KUBECONFIG_MISSING`, `KUBECONFIG_INVALID` or `CONTEXT_UNKNOWN`
 */
export async function loadContext(file?: string, name?: string): Promise<OneContext> {
  const merged = await merge(file);
  const kubeconfig = offered(merged);
  const { name: context, cluster, server } = chooseContext(kubeconfig, name);
  const fields = merged.contexts.get(context)?.fields ?? {};
  const user = textOf(fields['user']);
  const found = { cluster: merged.clusters.get(cluster), user: merged.users.get(user) };
  const refuse = (what: string): MeshproofError => invalid(kubeconfig.files.join(', '), `context ${context} names ${what}`);
  if (found.cluster === undefined) throw refuse(`the undefined cluster "${cluster}"`);
  if (server === '') throw refuse(`the cluster "${cluster}", which has no server`);
  if (user !== '' && found.user === undefined) throw refuse(`the undefined user "${user}"`);
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context,
    contexts: [{ name: context, context: { ...fields, cluster, user: user || undefined } }],
    clusters: [{ name: cluster, cluster: { ...absolute(found.cluster, ['certificate-authority']), server } }],
    users: found.user === undefined ? [] : [{ name: user, user: userOf(found.user) }],
  };
}

/** One entry of a kubeconfig's list. */
interface Entry {
  name: string;
  fields: Readonly<Record<string, unknown>>;
  /** The folder of its file, to which relative paths in it refer. */
  folder: string;
}

/** All entries by name; the first one of each name. */
interface Merged {
  files: string[];
  currentContext: string | undefined;
  contexts: ReadonlyMap<string, Entry>;
  clusters: ReadonlyMap<string, Entry>;
  users: ReadonlyMap<string, Entry>;
}

async function merge(file: string | undefined): Promise<Merged> {
  const files = kubeconfigFiles(file);
  const contents = await Promise.all(files.map(async (path) => ({ content: await contentOf(path), folder: dirname(resolve(path)) })));
  const entries = (list: string, field: string): Map<string, Entry> => {
    const first = new Map<string, Entry>();
    for (const { content, folder } of contents)
      for (const entry of entriesOf(content[list], field, folder)) if (!first.has(entry.name)) first.set(entry.name, entry);
    return first;
  };
  return {
    files,
    currentContext: contents.map(({ content }) => textOf(content['current-context'])).find((name) => name !== ''),
    contexts: entries('contexts', 'context'),
    clusters: entries('clusters', 'cluster'),
    users: entries('users', 'user'),
  };
}

/** Invalid entries are skipped: only the chosen context must be valid. */
function entriesOf(list: unknown, field: string, folder: string): Entry[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown) => {
    const name = isObject(item) ? textOf(item['name']) : '';
    if (!isObject(item) || name === '') return [];
    return [{ name, fields: isObject(item[field]) ? item[field] : {}, folder }];
  });
}

function userOf(entry: Entry): UserFields {
  const user: UserFields = absolute(entry, ['client-certificate', 'client-key', 'tokenFile']);
  const { command } = user.exec ?? {};
  // A name without a slash is looked up in PATH.
  if (user.exec && command?.includes('/') === true) user.exec = { ...user.exec, command: resolve(entry.folder, command) };
  return user;
}

/** The fields of an entry, with absolute paths. An empty text counts as missing, as for kubectl. */
function absolute({ fields: all, folder }: Entry, paths: readonly string[]): Record<string, unknown> {
  const fields = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
  const named = paths.filter((path) => textOf(fields[path]) !== '');
  return { ...fields, ...Object.fromEntries(named.map((path) => [path, resolve(folder, textOf(fields[path]))])) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
