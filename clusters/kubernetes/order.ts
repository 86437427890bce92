import type { Manifest } from './manifest.ts';

/** An account without permission to bind every role needs the role to exist first. */
export const BINDINGS: readonly string[] = ['RoleBinding', 'ClusterRoleBinding'];

/** Kinds that others need before they can be created. The objects of one wave may be applied in parallel. */
const WAVES: readonly (readonly string[])[] = [
  ['Namespace', 'CustomResourceDefinition'],
  ['ServiceAccount', 'ConfigMap', 'Secret', 'Role', 'ClusterRole', 'PriorityClass'],
  BINDINGS,
];
/** A webhook whose server does not exist yet would reject everything else. */
const LAST: readonly string[] = ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'];

/** Groups objects into waves: each must be applied before the next, and removed in the reverse order. */
export function waves<T extends Pick<Manifest, 'kind'>>(objects: readonly T[]): T[][] {
  const sorted: T[][] = Array.from({ length: WAVES.length + 2 }, () => []);
  for (const object of objects) {
    const early = WAVES.findIndex((kinds) => kinds.includes(object.kind));
    sorted[early !== -1 ? early : LAST.includes(object.kind) ? WAVES.length + 1 : WAVES.length]?.push(object);
  }
  return sorted.filter((wave) => wave.length > 0);
}
