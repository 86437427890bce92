import { SAMPLE_IMAGE } from '../images/recipes/sample.ts';
import { mirrored } from '../images/registry.ts';
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
  const image = sampleImage ?? mirrored(SAMPLE_IMAGE.name, registry);
  return { image, agent: await agentProgram(), ...omitUndefined({ credentials }) };
}
