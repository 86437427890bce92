import { EXIT, MeshproofError } from '../errors.ts';

/** Where images come from. */
export interface ImageSource {
  /** `build` from packages, `pull` from registries, `auto` (use what exists, else pull, else build), or a folder of archives. */
  from: string;
  /** Replaces the registry in the names of images, see `mirrored`. */
  registry?: string;
}

/**
 * The name of an image in a mirror, whose prefix replaces the image's own registry: `docker.io/library/node:24` becomes e.g.
 * `registry.corp.example/mirror/library/node:24`.
 * @param registry undefined: the name is unchanged
 */
export function mirrored(name: string, registry: string | undefined): string {
  return registry === undefined ? name : name.replace(/^[^/]+/, () => registry);
}

/** The name of an image as Docker prints it, which omits the default registry. */
export const shortName = (name: string): string => name.replace(/^docker\.io\/(library\/)?/, '');

const LABEL = /[a-z0-9](?:[a-z0-9-]*[a-z0-9])?/.source;
const HOST = `${LABEL}(?:\\.${LABEL})*(?::\\d{1,5})?`;
const FOLDER = /[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*/.source;
/** A host with an optional port and folders, which may precede the path of an image. */
const PREFIX = new RegExp(`^(?<host>${HOST})(?:/${FOLDER})*$`);
const IMAGE = new RegExp(`^(?:(?<host>${HOST})/)?${FOLDER}(?:/${FOLDER})*(?::\\w[\\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`);

/** Whether a name can be that of an image; registry, tag and digest are optional. */
export function isImageName(name: string): boolean {
  const found = IMAGE.exec(name);
  return found !== null && hasValidPort(found.groups?.['host'] ?? '');
}

/** Whether the port of a host is one, if it has any. */
function hasValidPort(host: string): boolean {
  const port = Number(host.split(':')[1] ?? 1);
  return port > 0 && port < 65_536;
}

/**
 * Engines and nodes recognise a host as the first part of a name only by these marks. Without one it is an account on Docker Hub, and the
 * images would be those of a stranger.
 */
const isHost = (host: string): boolean => /[.:]/.test(host) || host === 'localhost';

/**
 * @throws MeshproofError `REGISTRY_PREFIX` with exit code 2 for a prefix that cannot begin an image's name, that names no registry, or that
 * may contain a password, which is not quoted then
 */
export function requireRegistry(prefix: string): string {
  const host = PREFIX.exec(prefix)?.groups?.['host'];
  const secret = prefix.includes('@');
  const refuse = (why: string, hint: string) =>
    new MeshproofError('REGISTRY_PREFIX', `--registry${secret ? '' : `=${prefix}`} ${why}`, { hint, exitCode: EXIT.usage });
  if (secret) {
    throw refuse(
      'contains an @, as a prefix with credentials would',
      'omit the credentials: docker login stores them for a kind cluster, --pull-secret names them for an existing one',
    );
  }
  if (host === undefined || !hasValidPort(host)) {
    throw refuse(
      'cannot begin the name of an image',
      prefix.startsWith('[')
        ? 'give the name of its host instead of an IPv6 address, e.g. --registry=registry.example.com:5000'
        : 'give a host and optional folders in lower case, without https:// and a trailing slash: --registry=registry.example.com/mirror',
    );
  }
  if (isHost(host)) return prefix;
  throw refuse(
    `names no registry: ${host} has neither a dot nor a port, so images would be pulled from docker.io/${prefix}`,
    `add its domain or its port, e.g. --registry=${prefix.replace(host, `${host}:443`)}, or prefix it with docker.io/ for Docker Hub`,
  );
}
