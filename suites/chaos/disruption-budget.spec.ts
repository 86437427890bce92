import { check, expect, target } from '#fixtures';

check(
  'With a disruption budget, no request fails while all pods of a Service are evicted, as by a drain',
  {
    control: { because: 'the budget allows that none is available', mustFail: { toSucceed: 'answered 503 UH' } },
    needs: { nodes: 'kind', because: 'pods are evicted as by the drain of a node', link: '' },
    faults: ['pods'],
    timeoutMs: 240_000,
  },
  async ({ caller, pods, namespace }) => {
    const history = await caller.keepSending(target(`drained.${namespace}`, 8080), { rate: 100 }, async (load) => {
      await load.more(1);
      await pods.evictAll('drained');
      await load.more(1);
    });
    expect(history).toSucceed();
  },
);
