import type { ClusterDescription } from '../cluster.ts';
import { SAMPLE_IMAGE } from '../images/recipes/sample.ts';
import { K6_IMAGE } from '../images/recipes/k6.ts';
import { referenceOf, unpinned } from '../images/reference.ts';
import type { ObjectApi } from '../kubernetes/object-api.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import type { ExistingProvider } from '../provider.ts';
import { agentProgram, type SampleOptions } from '../rigs/agent.ts';
import { readPullSecret } from '../rigs/pull-secret.ts';

/**
 * The sample options for an existing cluster, whose nodes must be able to pull the image.
 * @throws MeshproofError `PULL_SECRET_UNFIT`
 */
export async function samplesFor(
  api: ObjectApi,
  { sampleImage, registry, pullSecret }: ExistingProvider,
  signal?: AbortSignal,
): Promise<SampleOptions> {
  const credentials = pullSecret === undefined ? undefined : await readPullSecret(api, pullSecret, signal);
  const image = sampleImage ?? (await referenceOf(SAMPLE_IMAGE.name, registry));
  return { image, agent: await agentProgram(), ...omitUndefined({ credentials }) };
}

/** The image of the load generator in a cluster: on the nodes of a kind cluster it is present by its name, others pull it. */
export async function loadImageIn({ provider, registry }: Pick<ClusterDescription, 'provider' | 'registry'>): Promise<string> {
  return provider === 'kind' ? K6_IMAGE.name : await referenceOf(K6_IMAGE.name, registry);
}

/** The images that the nodes of an existing cluster pull by tag. @param load whether checks use the load generator */
export async function unpinnedIn({ sampleImage }: ExistingProvider, load: boolean): Promise<string[]> {
  return await unpinned([...(sampleImage === undefined ? [SAMPLE_IMAGE.name] : []), ...(load ? [K6_IMAGE.name] : [])]);
}
