import { check, expect, unsupported } from '#fixtures';

check(
  'A timeout annotation of a route ends requests at the limit, and each is delivered once',
  {
    control: { because: 'there is no annotation', mustFail: { toTimeOut: 'answered 200', toHaveLatency: 'too late' } },
    istio: unsupported(
      'Istio sets timeouts in fields of the route instead; see timeout',
      'https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRoute',
    ),
    faults: ['endpoint'],
  },
  async ({ caller, v1, v2 }) => {
    await v1.version('v1').faults({ match: { pathPrefix: '/slow' }, delayMs: 2_200 }, { match: { pathPrefix: '/quick' }, delayMs: 300 });
    const send = (path: string) => caller.send(v1, { count: 10, concurrency: 10, path });
    const [[slow, quick], beside] = await caller.beside(v2, {}, () => Promise.all([send('/slow'), send('/quick')]));
    expect(slow).toTimeOut();
    expect(slow).toHaveLatency({ atLeastMs: 1_000, atMostMs: 1_250, beside });
    expect(quick).toSucceed();
    expect(await v1.received(slow)).toContainEachOnce(slow);
  },
);
