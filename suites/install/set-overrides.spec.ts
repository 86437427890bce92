import { check, expect, unsupported } from '#fixtures';

check(
  'Settings given with --set take effect in the control plane and in running proxies',
  {
    control: { because: 'istioctl is run without --set', mustFail: { toHaveSettings: ['wrong value', 'not set'] } },
    timeoutMs: 240_000,
    linkerd: unsupported("Linkerd's installer has different settings", 'https://linkerd.io/2/tasks/install/'),
  },
  async ({ installation, workload }) => {
    const custom = installation('custom');
    // The API server's notation of 2048Mi.
    expect(await custom.component('istiod')).toHaveSettings({ requests: { cpu: '150m', memory: '2Gi' } });

    const { proxy } = await workload('sample', custom.namespace);
    expect(await custom.proxySettings(proxy.pod)).toHaveSettings({ accessLogFile: '/dev/stdout' });
  },
);
