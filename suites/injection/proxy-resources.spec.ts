import { check, expect } from '#fixtures';

check(
  'Pod annotations set the resources of a proxy and override those of the mesh',
  {
    assumes: ['mutual-tls'],
    control: { because: 'the pod has no annotations', mustFail: { toHaveSettings: ['wrong value', 'not set'] } },
  },
  async ({ workload, server, identity }) => {
    const sized = await workload('sized');
    expect(await sized.shape()).toHaveSettings({
      hasProxy: true,
      proxyResources: { requests: { cpu: '15m', memory: '70Mi' }, limits: { cpu: '1', memory: '300Mi' } },
    });
    const sent = await sized.send(server, { count: 30 });
    expect(sent).toSucceed();
    expect(await server.received(sent)).toHaveIdentity(identity('default'));
  },
);
