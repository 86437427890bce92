import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

import type { Manifest } from '../kubernetes/manifest.ts';
import { pullingWith, type PullCredentials } from './pull-secret.ts';

/** Folder of the program that the sample pods run, and its path in a pod. */
const SOURCE = join(import.meta.dirname, '../../fixtures/agent');
const MAIN = 'main.mts';
const FOLDER = '/agent';
/** The agent's only dependency. */
const WS = dirname(createRequire(import.meta.url).resolve('ws/package.json'));
/** A non-root user of the stock image, which runs as root by default. */
const USER = 1000;

/** The agent's files as keys of a ConfigMap, which has no folders: `server/http1.ts` becomes `server.http1.mts`. */
export interface AgentProgram {
  /** Hash of the content. A changed agent gets a ConfigMap of another name, because running pods might not see changed files. */
  hash: string;
  files: Readonly<Record<string, string>>;
}

let program: Promise<AgentProgram> | undefined;

/** The agent of this checkout; read once per process. */
export function agentProgram(): Promise<AgentProgram> {
  return (program ??= readProgram());
}

async function readProgram(): Promise<AgentProgram> {
  const files: Record<string, string> = {};
  await addFile(join(SOURCE, 'main.ts'), files);
  const sorted = Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 12);
  return { hash, files: Object.fromEntries(sorted) };
}

/** Imports of files of the agent or of ws. Type imports are ignored, as they load nothing at run time. */
const REFERENCE = /\bimport type [^;]*;|(\bfrom |\brequire\()'(\.[^']*|ws)'/g;

/** Adds a file and, recursively, everything that it imports, each under its key and with import paths replaced by keys. */
async function addFile(path: string, files: Record<string, string>): Promise<void> {
  if (keyOf(path) in files) return;
  const text = await readFile(path, 'utf8');
  const loaded: string[] = [];
  files[keyOf(path)] = text.replaceAll(REFERENCE, (whole, how: string | undefined, name: string) => {
    if (how === undefined) return whole;
    const target = name === 'ws' ? join(WS, 'wrapper.mjs') : createRequire(path).resolve(name);
    loaded.push(target);
    return `${how}'./${keyOf(target)}'`;
  });
  for (const target of loaded) await addFile(target, files);
}

/** Without a package.json, the extension determines the module type of a file. */
function keyOf(path: string): string {
  const inSource = relative(SOURCE, path);
  const name = inSource.startsWith('..') ? join('ws', relative(WS, path)) : inSource;
  return name.replaceAll('/', '.').replace(/\.ts$/, '.mts').replace(/\.js$/, '.cjs');
}

/** How pods with an agent are created. */
export interface SampleOptions {
  /** A stock image of Node.js, which runs the agent. */
  image: string;
  agent: AgentProgram;
  /** Credentials to pull the image with, if its registry requires them. */
  credentials?: PullCredentials;
}

/** The ConfigMap from which the pods of a namespace run the agent. */
export function agentConfigMap({ files }: AgentProgram, name: string, namespace: string): Manifest {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, immutable: true, data: files };
}

/** The name of a rig's ConfigMap. */
export const agentName = ({ hash }: AgentProgram): string => `agent-${hash}`;

/** Whether an object is a ConfigMap of an agent of any version; reports omit these, because they are long and explain nothing. */
export function isAgentConfigMap({ kind, data }: { kind: string; data?: unknown; [field: string]: unknown }): boolean {
  return kind === 'ConfigMap' && typeof data === 'object' && data !== null && MAIN in data;
}

interface Container {
  name: string;
  image?: string;
  command?: readonly string[];
  volumeMounts?: readonly object[];
  securityContext?: object;
}

/** The parts of a pod spec that running the agent affects. */
export interface PodSpec {
  containers?: readonly Container[];
  volumes?: readonly object[];
  [field: string]: unknown;
}

/**
 * Makes each container that uses the sample image and has no command run the agent from the given ConfigMap. The image is a stock one, so
 * program and user are part of the pod spec.
 * @returns the spec itself if it has no such container
 */
export function withAgent<T extends PodSpec>(
  spec: T,
  { image, credentials }: Pick<SampleOptions, 'image' | 'credentials'>,
  configMap: string,
): T {
  const isAgent = (container: Container): boolean => container.image === image && container.command === undefined;
  const { containers = [], volumes = [] } = spec;
  if (!containers.some(isAgent)) return spec;
  return {
    ...spec,
    ...pullingWith(credentials),
    containers: containers.map((container) => (isAgent(container) ? running(container) : container)),
    volumes: [...volumes, { name: 'agent', configMap: { name: configMap } }],
  };
}

function running<T extends Container>(container: T): T {
  return {
    ...container,
    command: ['node', `${FOLDER}/${MAIN}`],
    volumeMounts: [...(container.volumeMounts ?? []), { name: 'agent', mountPath: FOLDER, readOnly: true }],
    securityContext: { runAsUser: USER, ...container.securityContext },
  };
}
