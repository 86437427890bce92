import type { WatchedClass } from '../../fixtures/contract/watch.ts';

/** A class of requests that were all answered as promised. */
export const watchedClass = (some: Partial<WatchedClass> = {}): WatchedClass => ({
  name: 'kept',
  title: '',
  promise: 'answered',
  asked: 1_200,
  bad: 0,
  outageMs: 0,
  measured: 1,
  endings: {},
  unjudged: {},
  windows: [],
  gaps: [],
  ...some,
});
