import { check, expect, target, unsupported } from '#fixtures';

const REQUESTS = 500;
/** The retries that a budget of 20 % plus 10 per second allows in 10 s. */
const EXTRA = REQUESTS * 0.2 + 10 * 10;

check(
  'Retries add no more requests to a failing server than their budget allows',
  {
    control: { because: 'the budget is 100 % plus 50 retries per second', mustFail: { toHaveDeliveries: 'too many deliveries' } },
    docDeviations: [
      {
        documented: 'a budget limits how often one request is tried again',
        observed: 'it limits the retries of all requests together: if only a few fail, the first of them may be delivered a hundred times',
      },
    ],
    istio: unsupported(
      "Istio's retryBudget limits the retries in flight, not their total",
      'https://istio.io/latest/docs/reference/config/networking/destination-rule/',
    ),
    faults: ['endpoint'],
  },
  async ({ caller, v1, namespace }) => {
    await v1.version('v1').faults({ status: 503 });
    const failing = await caller.send(target(`profiled.${namespace}`, 8080), { count: REQUESTS, concurrency: 8 });
    expect(failing).toHaveStatus(503);
    expect(await v1.received(failing)).toHaveDeliveries({ atLeast: REQUESTS + 1, atMost: REQUESTS + EXTRA });
  },
);
