import { check, expect } from '#fixtures';

check(
  'The preflight check passes for users who may install the mesh and names what others lack',
  {
    control: { because: 'nothing is missing', mustFail: { toReport: { 'no message': 1 } } },
    docDeviations: [
      {
        documented: 'istioctl authn tls-check pod.namespace shows the mTLS state',
        observed: 'the command no longer exists; use istioctl experimental describe pod',
      },
    ],
  },
  async ({ caller, commandLine, namespace }) => {
    const accountOf = (name: string) => `system:serviceaccount:${namespace}:${name}`;
    expect(await commandLine.preflight()).toReport([]);
    expect(await commandLine.preflight({ as: accountOf('installer') })).toReport([]);
    expect(await commandLine.preflight({ as: accountOf('trainee') })).toReport([
      /Missing required permission to create resource mutatingwebhookconfigurations/,
    ]);
    const pod = `${caller.proxy.pod}.${namespace}`;
    expect(await commandLine.run(['authn', 'tls-check', pod])).toFailWith(/unknown command "authn"/);
    expect(await commandLine.run(['experimental', 'describe', 'pod', pod])).toPrint(/Workload mTLS mode: (PERMISSIVE|STRICT|DISABLE)/);
  },
);
