import { randomBytes } from 'node:crypto';

import { EXIT, MeshproofError } from './errors.ts';

/** The first part of the names of all that meshproof makes. */
const PREFIX = 'meshproof-';
/** What a cluster's name may be long, so that the names of nodes and namespaces that begin with it are DNS labels too. */
const MOST = 40;
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** Whether this can be the name of a cluster of ours, and so of its folder. */
export function isClusterName(name: string): boolean {
  return name.startsWith(PREFIX) && name.length > PREFIX.length && name.length <= MOST && DNS_LABEL.test(name);
}

/** What a cluster's name has to be, as it ends a sentence. */
export const CLUSTER_NAME = `a cluster's name is ${PREFIX} and lower-case letters, digits and hyphens, at most ${MOST} characters`;

/** @throws MeshproofError `CLUSTER_NAME` with exit code 2 for anything else than the name of a cluster of ours, before it becomes part of a path */
export function requireClusterName(name: string): string {
  if (isClusterName(name)) return name;
  throw new MeshproofError('CLUSTER_NAME', `"${name}" is not a valid cluster name`, { hint: CLUSTER_NAME, exitCode: EXIT.usage });
}

/** A name for a new cluster. */
export function newClusterName(): string {
  return `${PREFIX}${randomBytes(2).toString('hex')}`;
}
