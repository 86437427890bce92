import { readdir, readFile, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { execa } from 'execa';

import { clusters } from '../../clusters/registry/description.ts';
import { stateFolder } from '../../clusters/paths.ts';
import type { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { apiRoot } from '../../clusters/kubernetes/discovery.ts';
import type { LiveObject } from '../../clusters/kubernetes/live-object.ts';
import { until } from '../../clusters/until.ts';

const PROJECT = join(import.meta.dirname, '../..');

interface Group {
  groups: { preferredVersion: { groupVersion: string } }[];
}

interface Resources {
  resources: { name: string; kind: string; namespaced: boolean; verbs: string[] }[];
}

/** Kinds that a cluster writes by itself all the time. */
const RESTLESS: ReadonlySet<string> = new Set([
  'Event',
  'EndpointSlice',
  'Endpoints',
  'ReplicaSet',
  'ControllerRevision',
  'ComponentStatus',
  'Node',
  'CSINode',
  'PodMetrics',
  'NodeMetrics',
  'APIService',
  'FlowSchema',
  'PriorityLevelConfiguration',
  'ServiceCIDR',
  'IPAddress',
]);
/** Annotations with the current holder of a rig, or the time of a restart, which say nothing about what exists. */
const FLEETING =
  /^(control-plane\.alpha\.kubernetes\.io\/leader|meshproof\.dev\/holder|deployment\.kubernetes\.io\/revision|kubectl\.kubernetes\.io\/restartedAt)$/;

/** Every object of a cluster in one line: kind, namespace, name, labels, annotations, and its content without what the API server adds. */
export async function clusterSnapshot(api: KubernetesApi): Promise<string[]> {
  // The removal of a check's own namespaces may still be in progress, which is harmless.
  const going = async () => (await api.list('v1', 'Namespace')).some(({ metadata }) => metadata.deletionTimestamp !== undefined);
  await until(async () => !(await going()), { what: 'namespaces to be removed', timeoutMs: 90_000, everyMs: 500 });
  const { groups } = await api.connection.json<Group>('GET', '/apis', { description: 'listing groups' });
  const versions = ['v1', ...groups.map(({ preferredVersion }) => preferredVersion.groupVersion)];
  const lines = await Promise.all(
    versions.map(async (version) => {
      const { resources } = await api.connection.json<Resources>('GET', apiRoot(version), { description: `discovering ${version}` });
      const kinds = resources.filter(({ name, kind, verbs }) => !name.includes('/') && verbs.includes('list') && !RESTLESS.has(kind));
      const lists = await Promise.all(kinds.map(async ({ kind }) => (await api.list(version, kind)).map(lineOf)));
      return lists.flat();
    }),
  );
  return lines
    .flat()
    .filter((line) => line !== '')
    .toSorted();
}

function lineOf({ kind, metadata, ...rest }: LiveObject): string {
  const { labels = {}, annotations = {}, namespace = '', name } = metadata;
  // Leases of the cluster itself are renewed all the time.
  if (kind === 'Lease' && name !== 'meshproof') return '';
  const kept = Object.fromEntries(Object.entries(annotations).filter(([key]) => !FLEETING.test(key)));
  // The names of pods, and of objects that controllers create, end in random letters; the content of others may be renewed by their owners.
  const isPod = kind === 'Pod';
  const said = isPod || kind === 'Lease' || kind === 'Secret' || kind === 'ConfigMap' ? '' : JSON.stringify({ ...rest, status: undefined });
  const shown = isPod ? name.replace(/-[a-z0-9]+(-[a-z0-9]+)?$/, '') : name;
  const about = isPod ? '' : JSON.stringify([labels, kept]);
  return `${kind} ${namespace}/${shown} ${about} ${said}`;
}

/** Containers, networks, firewall rules, mounts, processes, files and cluster descriptions of this machine. */
export async function machineSnapshot(dockerHost: string): Promise<string[]> {
  const docker = async (...args: string[]) => (await execa('docker', ['-H', dockerHost, ...args])).stdout.split('\n').filter(Boolean);
  const rules = (await execa('iptables-save')).stdout.split('\n').filter((line) => line.startsWith('-A'));
  return [
    ...(await docker('ps', '--all', '--format', 'container {{.Names}}')),
    ...(await docker('network', 'ls', '--format', 'network {{.Name}}')),
    ...rules,
    ...(await mounts()),
    ...(await processes()),
    ...(await files()),
    ...(await clusters()).map(({ name }) => `description ${name}`),
  ].toSorted();
}

/** Mounts by mount point. */
async function mounts(): Promise<string[]> {
  const text = await readFile('/proc/mounts', 'utf8');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [`mount ${line.split(' ')[1]}`]));
}

/** Processes that work in this project's folder, by command; the tests themselves are the same before and after. */
async function processes(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const folder = await readlink(join('/proc', pid, 'cwd')).catch(() => '');
      const command = await readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '');
      return folder.startsWith(PROJECT) && command !== '' ? [`process ${command.replaceAll('\0', ' ')}`] : [];
    }),
  );
  return found.flat();
}

/** Files of clusters, and meshproof's temporary folders. Empty lock files are kept. */
async function files(): Promise<string[]> {
  const kept = await readdir(stateFolder(), { recursive: true }).catch(() => []);
  const temporary = (await readdir(tmpdir())).filter((name) => name.startsWith('meshproof'));
  return [...kept, ...temporary].filter((name) => !name.includes('lock')).map((name) => `file ${name}`);
}

/** What one list contains more or less of than the other. */
export function difference(before: readonly string[], after: readonly string[]): string[] {
  const count = (lines: readonly string[]) => Map.groupBy(lines, (line) => line);
  const [was, is] = [count(before), count(after)];
  const more = (a: Map<string, string[]>, b: Map<string, string[]>, sign: string) =>
    [...a].flatMap(([line, these]) => ((b.get(line)?.length ?? 0) < these.length ? [`${sign} ${line.slice(0, 300)}`] : []));
  return [...more(was, is, '-'), ...more(is, was, '+')];
}
