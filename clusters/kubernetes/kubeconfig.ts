import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

import type { KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';

import { EXIT, MeshproofError, causeOf } from '../errors.ts';
import { didYouMean } from './closest.ts';

export interface KubeContext {
  name: string;
  cluster: string;
  /** The API server's address; '' when the kubeconfig does not define the cluster that the context names. */
  server: string;
  namespace: string | undefined;
}

export interface Kubeconfig {
  /** What was read, first wins, as kubectl merges them. */
  files: string[];
  contexts: KubeContext[];
  currentContext: string | undefined;
}

/** The kubeconfig files that count when none is named: KUBECONFIG's list, otherwise ~/.kube/config. */
function defaultKubeconfigFiles(): string[] {
  const named = (process.env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  return named.length > 0 ? named.filter((file) => existsSync(file)) : [join(homedir(), '.kube', 'config')];
}

/**
 * Reads which contexts a kubeconfig offers, without its credentials and without the Kubernetes client.
 * @throws MeshproofError with code `KUBECONFIG_MISSING` or `KUBECONFIG_INVALID`
 */
export async function readKubeconfig(file?: string): Promise<Kubeconfig> {
  const files = file === undefined ? defaultKubeconfigFiles() : [file];
  if (files.length === 0) throw missing(process.env['KUBECONFIG'] ?? '');
  const servers = new Map<string, string>();
  const contexts = new Map<string, KubeContext>();
  let currentContext: string | undefined;
  for (const path of files) {
    const content = await load(path);
    currentContext ||= content['current-context'];
    for (const { name, cluster } of content.clusters ?? []) if (!servers.has(name)) servers.set(name, cluster?.server ?? '');
    for (const { name, context } of content.contexts ?? []) {
      if (contexts.has(name)) continue;
      contexts.set(name, { name, cluster: context?.cluster ?? '', server: '', namespace: context?.namespace });
    }
  }
  const found = [...contexts.values()].map((context) => ({ ...context, server: servers.get(context.cluster) ?? '' }));
  return { files, contexts: found, currentContext: currentContext || undefined };
}

/**
 * The context of that name, or the current one.
 * @throws MeshproofError with code `CONTEXT_UNKNOWN` that lists those that exist
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
  throw new MeshproofError('CONTEXT_UNKNOWN', message, { exitCode: EXIT.usage, hint: 'name one of them with --context' });
}

/**
 * Opens one context with its credentials (certificates, tokens, exec plug-ins, OIDC) in the Kubernetes client, whose import takes 0.3 s.
 * @throws MeshproofError with code `KUBECONFIG_MISSING`, `KUBECONFIG_INVALID` or `CONTEXT_UNKNOWN`
 */
export async function loadContext(file?: string, name?: string): Promise<KubeConfig> {
  const kubeconfig = await readKubeconfig(file);
  const context = chooseContext(kubeconfig, name);
  const { KubeConfig } = await import('@kubernetes/client-node');
  const parts = kubeconfig.files.map((path) => {
    const part = new KubeConfig();
    try {
      part.loadFromFile(path);
    } catch (error) {
      throw invalid(path, error);
    }
    return part;
  });
  const merged = new KubeConfig();
  merged.loadFromOptions({
    clusters: firstOfName(parts.flatMap((part) => part.clusters)),
    users: firstOfName(parts.flatMap((part) => part.users)),
    contexts: firstOfName(parts.flatMap((part) => part.contexts)),
    currentContext: context.name,
  });
  if (context.server === '')
    throw invalid(kubeconfig.files.join(', '), `context ${context.name} names the undefined cluster "${context.cluster}"`);
  return merged;
}

interface KubeconfigFile {
  'current-context'?: string;
  clusters?: { name: string; cluster?: { server?: string } }[];
  contexts?: { name: string; context?: { cluster?: string; namespace?: string } }[];
}

async function load(path: string): Promise<KubeconfigFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw missing(path, error);
  }
  try {
    const content: unknown = parse(text);
    if (typeof content !== 'object' || content === null) throw new Error('it holds no YAML map');
    return content;
  } catch (error) {
    throw invalid(path, error);
  }
}

function missing(path: string, cause?: unknown): MeshproofError {
  const hint = 'name a kubeconfig with --kubeconfig or KUBECONFIG';
  return new MeshproofError('KUBECONFIG_MISSING', `no kubeconfig could be read at ${path}`, { exitCode: EXIT.usage, hint, cause });
}

function invalid(path: string, cause: unknown): MeshproofError {
  return new MeshproofError('KUBECONFIG_INVALID', `${path} is no usable kubeconfig: ${causeOf(cause)}`, { exitCode: EXIT.usage, cause });
}

function firstOfName<T extends { name: string }>(items: readonly T[]): T[] {
  const seen = new Set<string>();
  return items.filter(({ name }) => !seen.has(name) && seen.add(name));
}
