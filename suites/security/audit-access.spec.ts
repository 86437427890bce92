import { check, expect, unsupported } from '#fixtures';

check(
  'A Server in audit mode denies nobody, and its proxy logs whom a policy would deny',
  {
    control: { because: 'the mode is deny', mustFail: { toSucceed: 'answered 403 without a mark', toContainEachOnce: 'never delivered' } },
    istio: unsupported(
      'in Istio, a dry run is an annotation of an ALLOW or DENY policy',
      'https://istio.io/latest/docs/tasks/security/authorization/authz-dry-run/',
    ),
  },
  async ({ caller, secondCaller, unmeshedCaller, v1 }) => {
    for (const from of [secondCaller, unmeshedCaller, caller]) {
      const served = await from.send(v1, { count: 50, connections: 'new' });
      expect(served).toSucceed();
      expect(await v1.received(served)).toContainEachOnce(served);
    }
  },
);
