import type { HostFacts } from '../../clusters/engine/host.ts';
import { causeOf } from '../../clusters/errors.ts';
import { cacheFolder, stateFolder } from '../../clusters/paths.ts';
import { assertWritable } from '../../clusters/writable.ts';
import { inGib, LEAST_DISK } from '../run/disk.ts';
import { judge, type Finding } from './finding.ts';

const GIB = 2 ** 30;
/** Recommended by kind's documentation on "too many open files". */
const INOTIFY = { watches: 524_288, instances: 512 };
/** A node opens a few thousand files, and a lower limit makes container start-up fail. */
const OPEN_FILES = 16_384;

/** Whether the version of Node.js is new enough. */
export function nodeFinding(): Finding {
  const [major = 0] = process.versions.node.split('.').map(Number);
  const about = { category: 'machine', check: 'Node.js is version 24 or newer', seen: process.versions.node };
  return judge(about, major >= 24, 'failed', 'run it through npm, which uses the pinned Node.js: npx meshproof doctor');
}

/** The runtime, the platform and the machine's resources. */
export function machineFindings(host: HostFacts): Finding[] {
  const category = 'machine';
  const findings = [
    nodeFinding(),
    judge(
      { category, check: 'the platform can run kind', seen: `${host.platform} ${host.arch}` },
      ['linux', 'darwin'].includes(host.platform),
      'failed',
      'use Linux or macOS, or WSL 2 on Windows',
    ),
    judge(
      { category, check: 'at least 2 CPUs', seen: String(host.cpus) },
      host.cpus >= 2,
      'warning',
      'with one CPU, checks that measure time become INCONCLUSIVE',
    ),
    judge(
      { category, check: 'at least 6 GiB of memory', seen: inGib(host.memoryBytes) },
      host.memoryBytes >= 5.5 * GIB,
      'warning',
      'a node with a mesh and two rigs takes about 4 GiB',
    ),
    judge(
      { category, check: 'enough free memory for a cluster', seen: inGib(host.memoryAvailableBytes) },
      host.memoryAvailableBytes >= 2 * GIB,
      'warning',
      'stop other programs, or use --workers=1',
    ),
    judge(
      { category, check: 'the cache folder has 12 GiB free', seen: `${inGib(host.diskFreeBytes)} at ${cacheFolder()}` },
      host.diskFreeBytes >= 12 * GIB,
      host.diskFreeBytes < LEAST_DISK ? 'failed' : 'warning',
      'building every image takes about 10 GiB once; set MESHPROOF_CACHE to use another folder',
    ),
  ];
  return findings;
}

/** Whether this user can write to the folders of images, tools and clusters. */
export async function folderFinding(): Promise<Finding> {
  const folders = [cacheFolder(), stateFolder()];
  const problems = await Promise.all(
    folders.map((folder) =>
      assertWritable(folder).then(
        () => [],
        (error: unknown) => [`${folder}: ${causeOf(error)}`],
      ),
    ),
  );
  const about = { category: 'machine', check: 'the folders for the cache and for clusters can be written' };
  const seen = problems.flat().join('; ') || folders.join(', ');
  return judge(
    { ...about, seen },
    problems.flat().length === 0,
    'failed',
    'set MESHPROOF_CACHE and MESHPROOF_STATE to folders of this user',
  );
}

/** Kernel limits; empty on other systems than Linux. */
export function limitFindings({ linux }: HostFacts): Finding[] {
  if (linux === undefined) return [];
  const { inotify, openFiles, sysResource, cgroup } = linux;
  const category = 'limits';
  const { watches, instances } = INOTIFY;
  return [
    judge(
      {
        category,
        check: `inotify allows ${watches} watches and ${instances} instances`,
        seen: `${inotify.watches} and ${inotify.instances}`,
      },
      inotify.watches >= watches && inotify.instances >= instances,
      'warning',
      `sysctl fs.inotify.max_user_watches=${watches} fs.inotify.max_user_instances=${instances}`,
    ),
    judge(
      { category, check: `a process may open ${OPEN_FILES} files`, seen: String(openFiles) },
      openFiles >= OPEN_FILES,
      'warning',
      'raise the hard limit: ulimit -Hn',
    ),
    {
      category,
      check: 'privileged containers start',
      status: 'ok',
      seen: sysResource ? 'CAP_SYS_RESOURCE is available' : 'CAP_SYS_RESOURCE is missing; a private engine works without it',
    },
    {
      category,
      check: 'cgroups can be managed',
      status: 'ok',
      seen: cgroup === 2 ? 'version 2' : 'version 1; the node image is configured for it',
    },
  ];
}
