import { check, expect } from '#fixtures';

check(
  "The mesh's own preflight passes for who may install it, and fails, naming what is missing, for who may not",
  {
    control: { because: 'nothing is missing', mustFail: { toReport: { 'no complaint': 1 } } },
    docDeviations: [
      {
        documented: 'istioctl authn tls-check pod.namespace shows the mTLS state',
        observed: 'the command is gone; istioctl experimental describe pod shows it',
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
