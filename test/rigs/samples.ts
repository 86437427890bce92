import type { SampleOptions } from '../../clusters/rigs/agent.ts';

/** Samples that never run. */
export const SAMPLES: SampleOptions = { image: 'image', agent: { hash: 'abc', files: { 'main.mts': '' } } };
