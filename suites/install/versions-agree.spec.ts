import { check, expect } from '#fixtures';

check(
  'Client, control plane and every proxy report the same version, and all proxies are in sync',
  {
    control: {
      because: 'the proxy of one pod is of an older version, as if it had not been restarted after an upgrade',
      mustFail: { toAgreeOnVersion: 'another proxy' },
    },
  },
  async ({ commandLine }) => {
    expect(await commandLine.versions()).toAgreeOnVersion();
  },
);
