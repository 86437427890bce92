import { check, expect } from '#fixtures';

check(
  'Control plane and every proxy report the same version, and all proxies are in sync',
  {
    control: {
      because: 'one pod has an older proxy, as if it had not been restarted after an upgrade',
      mustFail: { toAgreeOnVersion: 'wrong proxy version' },
    },
  },
  async ({ commandLine }) => {
    expect(await commandLine.versions()).toAgreeOnVersion();
  },
);
