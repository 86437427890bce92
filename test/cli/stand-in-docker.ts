import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One container of a stand-in engine. */
export interface Container {
  name: string;
  /** The value of meshproof's owner label. */
  owner?: string;
  /** The kind cluster whose control plane it is, and the folder that its CNI configuration is mounted from. */
  cluster?: string;
  folder?: string;
}

/**
 * Writes a `docker` client to a folder whose engine has these containers and no firewall rules, and returns the environment in which
 * commands find it. It stands for every engine except the private one, which is not running.
 */
export async function writeStandInDocker(folder: string, containers: readonly Container[]): Promise<Record<string, string>> {
  const lines = (of: readonly Container[], line: (one: Container) => string): string =>
    of.length === 0 ? ':' : `cat <<'END'\n${of.map(line).join('\n')}\nEND`;
  const nodes = containers.filter(({ cluster }) => cluster !== undefined);
  const inspected = nodes.map(({ name, folder: from }) => {
    const mounts = from === undefined ? [] : [{ Source: '/lib/modules' }, { Source: `${from}/network/cni-0.conflist` }];
    return `  "inspect "*" id-${name}") ${lines([{ name }], () => JSON.stringify(mounts))}\n;;`;
  });
  const script = `#!/bin/sh
case "$DOCKER_HOST" in */meshproof/docker.sock) echo 'no daemon' >&2; exit 1;; esac
case "$*" in
  "info "*) echo '{"ServerVersion":"29.0","CgroupVersion":"2"}';;
  *"--filter name=^meshproof-"*) ${lines(containers, ({ name, owner = '', cluster = '' }) => `id-${name}\t${name}\t${owner}\t${cluster}`)}
;;
  *"--format {{.ID}}"*) ${lines(nodes, ({ name, cluster }) => `id-${name}\t${cluster}`)}
;;
  *"--filter label=io.x-k8s.kind.cluster "*) ${lines(nodes, ({ cluster = '' }) => cluster)}
;;
${inspected.join('\n')}
  "network ls"*) :;;
  *) echo "not expected: $*" >&2; exit 1;;
esac
`;
  const programs = join(folder, 'programs');
  await mkdir(programs, { recursive: true });
  const nothing = '#!/bin/sh\nexit 0\n';
  const filters = ['', '-legacy', '-nft'].flatMap((flavour) => [`iptables${flavour}-save`, `ip6tables${flavour}-save`]);
  for (const [name, text] of [['docker', script], ...filters.map((filter) => [filter, nothing])] as [string, string][]) {
    await writeFile(join(programs, name), text);
    await chmod(join(programs, name), 0o755);
  }
  return { PATH: `${programs}:${process.env['PATH'] ?? ''}`, DOCKER_HOST: 'unix:///another-user/docker.sock' };
}
