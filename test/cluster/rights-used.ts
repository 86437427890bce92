import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import type { AuditEvent } from './audited.ts';

/** One verb on one resource, as a role grants it. */
export interface Grant {
  role: string;
  group: string;
  /** With its subresource, e.g. pods/log. */
  resource: string;
  verb: string;
}

interface Role extends Manifest {
  rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
}

interface Binding extends Manifest {
  roleRef: { kind: string; name: string };
}

/** Where a role is bound: namespaces, or the cluster as ''. */
function placesOf(objects: readonly Manifest[], { kind, metadata }: Manifest): Set<string> {
  const bindings = objects.filter(
    (object): object is Binding =>
      object.kind.endsWith('RoleBinding') &&
      (object as Binding).roleRef.kind === kind &&
      (object as Binding).roleRef.name === metadata.name &&
      (kind === 'ClusterRole' || object.metadata.namespace === metadata.namespace),
  );
  return new Set(bindings.map((binding) => (binding.kind === 'ClusterRoleBinding' ? '' : (binding.metadata.namespace ?? ''))));
}

/** The verbs that a request needs: applying an object that does not exist yet requires `create` too. */
function verbsOf({ verb, responseStatus }: AuditEvent): string[] {
  return verb === 'patch' && responseStatus?.code === 201 ? ['patch', 'create'] : [verb];
}

/** A tunnel is a GET or a POST, depending on client and server; newer servers require `create` in either case. */
const isTunnel = (resource: string): boolean => /^pods\/(portforward|exec)$/.test(resource);

/**
 * The permissions that the roles of an account grant in any namespace, and that no request has needed.
 * @param objects the account with its roles and bindings
 */
export function unusedGrants(objects: readonly Manifest[], events: readonly AuditEvent[]): Grant[] {
  const roles = objects.filter((object): object is Role => /^(Cluster)?Role$/.test(object.kind));
  return roles.flatMap((role) => {
    const places = placesOf(objects, role);
    const used = new Set(
      events.flatMap((event) => {
        // A denied request used no permission.
        if (event.responseStatus?.code === 403) return [];
        const { namespace = '', resource = '', subresource, apiGroup = '' } = event.objectRef ?? {};
        // A ClusterRoleBinding applies to every namespace.
        if (!places.has(namespace) && !places.has('')) return [];
        const whole = subresource === undefined ? resource : `${resource}/${subresource}`;
        return isTunnel(whole)
          ? ['get', 'create'].map((verb) => `${verb} ${whole}.`)
          : verbsOf(event).map((verb) => `${verb} ${whole}.${apiGroup}`);
      }),
    );
    const granted = role.rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => ({ role: role.metadata.name, group, resource, verb }))),
      ),
    );
    return granted.filter(({ group, resource, verb }) => !used.has(`${verb} ${resource}.${group}`));
  });
}

/** A grant as text, e.g. `rig: list deployments.apps`. */
export const inWords = ({ role, group, resource, verb }: Grant): string => `${role}: ${verb} ${resource}${group === '' ? '' : `.${group}`}`;
