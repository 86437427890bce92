import { randomBytes } from 'node:crypto';

import { EXIT, MeshproofError } from './errors.ts';

/** The prefix of all names that meshproof creates. */
const PREFIX = 'meshproof-';
/** Maximum length of a cluster's name, so that the names of nodes and namespaces derived from it are DNS labels too. */
const MOST = 40;
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** Whether this is a valid name of a meshproof cluster, and so of its folder. */
export function isClusterName(name: string): boolean {
  return name.startsWith(PREFIX) && name.length > PREFIX.length && name.length <= MOST && DNS_LABEL.test(name);
}

/** The rules for a cluster's name, as the end of a sentence. */
export const CLUSTER_NAME = `a cluster's name is ${PREFIX} and lower-case letters, digits and hyphens, at most ${MOST} characters`;

/** @throws MeshproofError `CLUSTER_NAME` with exit code 2 if it is not a valid cluster name, before it becomes part of a path */
export function requireClusterName(name: string): string {
  if (isClusterName(name)) return name;
  throw new MeshproofError('CLUSTER_NAME', `"${name}" is not a valid cluster name`, { hint: CLUSTER_NAME, exitCode: EXIT.usage });
}

/** A name for a new cluster. */
export function newClusterName(): string {
  return `${PREFIX}${randomBytes(2).toString('hex')}`;
}
