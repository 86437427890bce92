import { MeshproofError } from '../errors.ts';
import type { Pod } from '../kubernetes/pods.ts';
import type { MeshFacts } from '../mesh/facts.ts';
import { ACTOR_LABEL, type SampleWorkload } from './rig.ts';

/** The samples that must not have a proxy. */
const WITHOUT: readonly (SampleWorkload | undefined)[] = ['unmeshed'];

/**
 * Ensures that the meshed samples have proxies and the others do not; otherwise no observation would say anything about the mesh.
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
  const has = hasProxy(first, proxyContainer) ? 'has a proxy but must not have one' : `has no proxy of ${name}`;
  throw new MeshproofError(
    'PROXY_MISSING',
    `the sample ${metadata.name} in ${metadata.namespace}${more} ${has}, so the mesh cannot be judged`,
    {
      hint: 'the labels of its namespace decide which control plane injects it: npx meshproof doctor shows them; --revision chooses another one',
    },
  );
}

/** Whether a pod has a proxy, as an ordinary container or as a native sidecar. */
function hasProxy({ spec }: Pod, proxyContainer: string): boolean {
  return [...spec.containers, ...(spec.initContainers ?? [])].some(({ name }) => name === proxyContainer);
}
