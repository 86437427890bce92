import { check, expect, unsupported } from '#fixtures';

const asUser = (user: string) => ({ count: 30, concurrency: 10, path: '/api/items', headers: { 'x-user': user } });

// istio/istio#40944, istio/istio#46951
check(
  'An external authorizer decides what passes and how denials are answered; without it, nothing passes',
  {
    assumes: ['mutual-tls', 'authorizer'],
    // The control plane looks the authorizer up in the whole mesh, and rejects one that is in two namespaces.
    exclusive: 'mesh-wide',
    control: {
      because: 'no policy uses it',
      mustFail: {
        toHaveHeader: { 'header missing': 1 },
        toContainEachOnce: { 'never delivered': 1 },
        toHaveStatus: { 'answered 200': 1 },
        toBeRejectedWith: { 'answered 200': 4 },
        toBeEmpty: { delivered: 5 },
      },
    },
    linkerd: unsupported('policies of Linkerd cannot ask an external authorizer', 'https://linkerd.io/2/reference/authorization-policy/'),
    faults: ['endpoint'],
  },
  // The rig's mirror pod is the authorizer here.
  async ({ caller, v3, mirror: authorizer, identity }, policy) => {
    const decision = authorizer.version('v1');
    await decision.faults({ match: { header: { name: 'x-user', value: 'mallory' } }, status: 401 });
    const allowed = await caller.send(v3, asUser('alice'));
    expect(allowed).toSucceed();
    expect(await v3.received(allowed)).toContainEachOnce(allowed);
    expect(await v3.received(allowed)).toHaveHeader('x-agent-pod', decision.pod);
    expect(await authorizer.received(allowed)).toContainEachOnce(allowed);

    const denied = await caller.send(v3, asUser('mallory'));
    expect(denied).toHaveStatus(401, { 'x-agent-pod': decision.pod });
    expect(await v3.received(denied)).toBeEmpty();

    const elsewhere = await caller.send(v3, { count: 30, path: '/public', headers: { 'x-user': 'mallory' } });
    expect(elsewhere).toSucceed();
    expect(await authorizer.received(elsewhere)).toBeEmpty();

    const unanswered = async () => {
      const history = await caller.send(v3, asUser('alice'));
      expect(history).toBeRejectedWith({ status: 403 });
      expect(await v3.received(history)).toBeEmpty();
    };
    for (const fault of [{ status: 500 }, { act: 'reset' }, { act: 'hang' }] as const) {
      await decision.faults(fault);
      await unanswered();
    }
    await decision.heal();
    await policy.change();
    await unanswered();
    expect(await authorizer.received(allowed)).toHaveIdentity(identity('server'));
  },
);
