import type { Image } from '../images/image.ts';
import type { Tool } from '../images/tools.ts';
import { linkerdVersion } from './versions.ts';

const REGISTRY = 'cr.l5d.io/linkerd';
/** Programs of the control plane, the data plane and the viz extension, each with its own image. */
const PROGRAMS = ['controller', 'proxy', 'metrics-api', 'tap', 'web'];
const INSTRUCTIONS = 'https://linkerd.io/2/getting-started/#step-1-install-the-cli';

/** The linkerd command of a version. It is in no package registry, but Linkerd's project publishes it on its release page. */
export function linkerdTool(name?: string): Tool {
  const version = linkerdVersion(name);
  return {
    name: 'linkerd',
    versionArgs: ['version', '--client', '--short'],
    fits: new RegExp(`^${RegExp.escape(version.name)}$`, 'm'),
    published: { version: version.name, instructions: INSTRUCTIONS },
  };
}

/** The images of a version. They are published, and cannot be built from package registries. */
export function linkerdImages(name?: string): Image[] {
  const version = linkerdVersion(name);
  const names = [...PROGRAMS.map((program) => `${REGISTRY}/${program}:${version.name}`), `docker.io/prom/prometheus:${version.prometheus}`];
  return names.map((image): Image => ({ name: image, upstream: image, part: 'mesh' }));
}
