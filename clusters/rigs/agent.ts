import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

import type { Manifest } from '../kubernetes/manifest.ts';
import { pullingWith, type PullCredentials } from './pull-secret.ts';

/** The program of the sample pods, and where it is in a pod. */
const SOURCE = join(import.meta.dirname, '../../fixtures/agent');
const MAIN = 'main.mts';
const FOLDER = '/agent';
/** Its one dependency. */
const WS = dirname(createRequire(import.meta.url).resolve('ws/package.json'));
/** The user of the stock image, whose own default is root. */
const USER = 1000;

/** The agent's files as a ConfigMap holds them, which has no folders: `server/http1.ts` becomes `server.http1.mts`. */
export interface AgentProgram {
  /** Of the content: a changed agent is a ConfigMap of another name, because pods that run may not see its files change. */
  hash: string;
  files: Readonly<Record<string, string>>;
}

let program: Promise<AgentProgram> | undefined;

/** The agent of this checkout; read once in a process. */
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

/** What a file loads of the agent or of ws; types are not loaded. */
const REFERENCE = /\bimport type [^;]*;|(\bfrom |\brequire\()'(\.[^']*|ws)'/g;

/** Adds a file and whatever it loads, each under its key and with the keys of what it loads. */
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

/** Without a package.json beside them, the ending says which kind of module a file is. */
function keyOf(path: string): string {
  const inSource = relative(SOURCE, path);
  const name = inSource.startsWith('..') ? join('ws', relative(WS, path)) : inSource;
  return name.replaceAll('/', '.').replace(/\.ts$/, '.mts').replace(/\.js$/, '.cjs');
}

/** What the pods with an agent are made of. */
export interface SampleOptions {
  /** A stock image of Node.js, which runs the agent. */
  image: string;
  agent: AgentProgram;
  /** With what the image is pulled, where its registry asks for it. */
  credentials?: PullCredentials;
}

/** The ConfigMap of that name, from which the pods of a namespace run the agent. */
export function agentConfigMap({ files }: AgentProgram, name: string, namespace: string): Manifest {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, immutable: true, data: files };
}

/** The name of a rig's own ConfigMap. */
export const agentName = ({ hash }: AgentProgram): string => `agent-${hash}`;

/** Whether an object is a ConfigMap with an agent, of whatever checkout: a long text that explains nothing. */
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

/** The parts of a pod's specification that a container with the agent has to do with. */
export interface PodSpec {
  containers?: readonly Container[];
  volumes?: readonly object[];
  [field: string]: unknown;
}

/**
 * The specification of a pod in which each container of the samples' image that names no command runs the agent, from the ConfigMap of that
 * name. The image is a stock one: program and user come with the pod.
 * @returns the specification itself where there is no such container
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
