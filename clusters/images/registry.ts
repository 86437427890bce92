import { EXIT, MeshproofError } from '../errors.ts';

/** Where images come from. */
export interface ImageSource {
  /** `build` from package registries, `pull` from image registries, `auto` (what is there, else pull where a registry answers, else build), or a folder of archives. */
  from: string;
  /** Stands before the names of images instead of their own registries, see `mirrored`. */
  registry?: string;
}

/**
 * The name of an image in a mirror: the prefix stands where the name has its own registry, e.g. `docker.io/library/node:24` becomes
 * `registry.corp.example/mirror/library/node:24`.
 * @param registry without it the name stays as it is
 */
export function mirrored(name: string, registry: string | undefined): string {
  return registry === undefined ? name : name.replace(/^[^/]+/, () => registry);
}

/** The name of an image as Docker prints it, which leaves out its own registry. */
export const shortName = (name: string): string => name.replace(/^docker\.io\/(library\/)?/, '');

/** A host, its port, and folders: what may stand before the path of an image. */
const PREFIX = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/;

/** @throws MeshproofError `REGISTRY_PREFIX` with exit code 2 for what cannot begin an image's name */
export function requireRegistry(prefix: string): string {
  if (PREFIX.test(prefix)) return prefix;
  throw new MeshproofError('REGISTRY_PREFIX', `--registry=${prefix} cannot begin the name of an image`, {
    hint: 'write a host, and folders if there are any, without https:// and without a slash at the end: --registry=registry.example.com/mirror',
    exitCode: EXIT.usage,
  });
}
