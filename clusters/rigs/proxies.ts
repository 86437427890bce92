import { MeshproofError } from '../errors.ts';
import type { Pod } from '../kubernetes/pods.ts';
import type { MeshFacts } from '../mesh/facts.ts';
import { ACTOR_LABEL, type SampleWorkload } from './rig.ts';

/** Those of which the promises of a mesh say that they are none of its own. */
const WITHOUT: readonly (SampleWorkload | undefined)[] = ['unmeshed'];

/**
 * Makes sure that the samples have proxies, and that those have none that must not: whatever else would be seen of them says nothing about the mesh.
 * @throws MeshproofError `PROXY_MISSING`
 */
export function requireProxies(pods: readonly Pod[], { name, proxyContainer }: Pick<MeshFacts, 'name' | 'proxyContainer'>): void {
  const wrong = pods.filter(
    (pod) => hasProxy(pod, proxyContainer) === WITHOUT.includes(pod.metadata.labels?.[ACTOR_LABEL] as SampleWorkload),
  );
  const [first] = wrong;
  if (first === undefined) return;
  const { metadata } = first;
  const more = wrong.length === 1 ? '' : ` (and ${wrong.length - 1} more)`;
  const has = hasProxy(first, proxyContainer) ? 'has a proxy, which it must not have' : `has no proxy of ${name}`;
  throw new MeshproofError(
    'PROXY_MISSING',
    `the sample ${metadata.name} in ${metadata.namespace}${more} ${has}, so the mesh cannot be judged`,
    {
      hint: 'the labels of its namespace decide which control plane injects it: npx meshproof doctor shows them; --revision chooses another one',
    },
  );
}

/** Whether a pod has a proxy, beside its other containers or as a native sidecar. */
function hasProxy({ spec }: Pod, proxyContainer: string): boolean {
  return [...spec.containers, ...(spec.initContainers ?? [])].some(({ name }) => name === proxyContainer);
}
