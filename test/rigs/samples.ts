import type { SampleOptions } from '../../clusters/rigs/agent.ts';

/** Sample options for rigs whose pods never run. */
export const SAMPLES: SampleOptions = { image: 'image', agent: { hash: 'abc', files: { 'main.mts': '' } } };
