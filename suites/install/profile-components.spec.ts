import { check, expect, unsupported } from '#fixtures';

check(
  'The profiles demo, default and minimal install exactly their components, all of them ready',
  {
    control: { because: 'the demo installation uses the minimal profile', mustFail: { toConsistOf: { missing: 1 } } },
    timeoutMs: 240_000,
    docDeviations: [
      {
        documented: 'istioctl install --set profile=production is the recommended installation',
        observed: 'the profile does not exist: istioctl fails with "profile production not found"',
      },
      { documented: 'istioctl verify-install verifies an installation', observed: 'the command no longer exists' },
    ],
    linkerd: unsupported('Linkerd has no installation profiles', 'https://linkerd.io/2/tasks/install/'),
  },
  async ({ installation, commandLine }) => {
    expect(await installation('demo').components()).toConsistOf(['istiod', 'istio-ingressgateway', 'istio-egressgateway']);
    expect(await installation('default').components()).toConsistOf(['istiod', 'istio-ingressgateway']);
    expect(await installation('minimal').components()).toConsistOf(['istiod']);

    const production = await commandLine.run(['install', '--set', 'profile=production', '--skip-confirmation', '--dry-run']);
    expect(production).toFailWith(/profile "production" not found/);
    expect(await commandLine.run(['verify-install'])).toFailWith(/unknown command "verify-install"/);
  },
);
