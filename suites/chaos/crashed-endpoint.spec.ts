import { check, expect, target } from '#fixtures';

check(
  'With retries, no GET fails when an endpoint crashes, proxy and all, and starts again',
  {
    control: { because: 'nothing is retried', mustFail: { toSucceed: ['answered 503 UF', 'answered 503 UC'] } },
    needs: { nodes: 'kind', because: 'the processes of the pod are killed by its node', link: '' },
    faults: ['process'],
    timeoutMs: 240_000,
  },
  async ({ caller, workload, pods, namespace }) => {
    const fragile = await workload('fragile');
    const history = await caller.keepSending(target(`pair.${namespace}`, 8080), { rate: 100 }, async (load) => {
      await load.more(1);
      await pods.duringCrash(fragile, () => load.more(1));
      await load.more(1);
    });
    expect(history).toSucceed();
  },
);
