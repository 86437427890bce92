import { check, target, expect, unsupported } from '#fixtures';

const FORMAT = /\[[^\]]+\] "GET \/ HTTP\/1\.1" 200 - 0 \d+ \d+ \d+ "-" "[^"]+" "[^"]+" "orders\.example\.internal:8080" "[\d.]+:8080"/;
const orders = target('orders.example.internal', 8080);
const document = (spec: string) => `{"apiVersion": "install.istio.io/v1alpha1", "kind": "IstioOperator", "spec": ${spec}}`;
const gateway = (k8s: string) => document(`{"components": {"ingressGateways": [{"name": "istio-ingressgateway", "k8s": ${k8s}}]}}`);
const metric = '{"type": "Resource", "resource": {"name": "cpu", "targetAverageUtilization": 80}}';

check(
  'Every setting of a production operator file takes effect in components, pods and proxy logs',
  {
    control: { because: 'the access log format is not set', mustFail: { toMatchLogFormat: 'wrong format' } },
    timeoutMs: 300_000,
    docDeviations: [
      {
        documented: 'k8s.replicas sets the number of pods of a component',
        observed: 'the field is rejected as unknown; use k8s.replicaCount',
      },
      {
        documented: 'an autoscaler metric has targetAverageUtilization',
        observed: 'the field is rejected as unknown; use target.averageUtilization',
      },
      {
        documented: 'values.global.proxy.accessLogFormat sets the access log format',
        observed: 'the field is rejected as unknown; use meshConfig.accessLogFormat',
      },
      {
        documented: 'kubectl apply of an IstioOperator installs it',
        observed: 'an installation has neither the CRD nor a controller for it; use istioctl install --filename',
      },
      { documented: 'defaultConfig occurs twice in meshConfig', observed: 'the second silently replaces the first, so DNS capture is off' },
    ],
    linkerd: unsupported("Linkerd's installer has different settings", 'https://linkerd.io/2/tasks/install/'),
  },
  async ({ installation, workload, commandLine }) => {
    const production = installation('production');
    const cpu = { cpu: '2' };
    expect(await production.components()).toConsistOf(['istiod', 'istio-ingressgateway', 'istio-egressgateway']);
    expect(await production.component('istiod')).toHaveSettings({
      replicas: 2,
      requests: { cpu: '20m', memory: '96Mi' },
      limits: { ...cpu, memory: '4Gi' },
      autoscaler: { min: 2, max: 5 },
    });
    expect(await production.component('istio-ingressgateway')).toHaveSettings({
      replicas: 2,
      requests: { cpu: '20m', memory: '64Mi' },
      limits: { ...cpu, memory: '2Gi' },
      autoscaler: { min: 2, max: 10, cpuPercent: 60 },
    });
    expect(await production.component('istio-egressgateway')).toHaveSettings({ replicas: 2, autoscaler: { min: 2, max: 5 } });

    const [caller, server] = [await workload('caller', production.namespace), await workload('server', production.namespace)];
    expect(await production.proxySettings(caller.proxy.pod)).toHaveSettings({
      dnsCapture: 'true',
      dnsAutoAllocate: 'true',
      tracingSampling: 100,
      tracingCollector: 'zipkin.tracing.example:9411',
      requests: { cpu: '20m', memory: '128Mi' },
      limits: { ...cpu, memory: '1Gi' },
    });
    const as = `spiffe://production.example/ns/${production.namespace}/sa/default`;
    expect(await caller.proxy.certificate()).toIdentify({ as, to: await server.proxy.certificate(), lifetimeHours: 24 });

    const asked = await caller.send(orders, { count: 30, connections: 'new', headers: { 'user-agent': '{id}' } });
    expect(asked).toResolve();
    expect(asked).toSucceed();
    // A proxy that traces a request changes its request ID, so the user agent contains ours.
    expect(await caller.proxy.accessLog(asked, ({ userAgent }) => userAgent)).toMatchLogFormat(asked, FORMAT);

    const generate = (file: string) => commandLine.run(['manifest', 'generate', '--filename', '-'], file);
    expect(await generate(gateway('{"replicas": 3}'))).toFailWith(/unknown field "replicas"/);
    expect(await generate(gateway(`{"hpaSpec": {"metrics": [${metric}]}}`))).toFailWith(/unknown field "targetAverageUtilization"/);
    expect(await generate(document('{"values": {"global": {"proxy": {"accessLogFormat": "x"}}}}'))).toFailWith(
      /unknown field "accessLogFormat"/,
    );
    const made = await generate(gateway('{"replicaCount": 3}'));
    expect(made).toPrint(/virtualservices\.networking\.istio\.io/, { butNot: /istiooperators\.install\.istio\.io/ });
    const twice = '"defaultConfig": {"proxyMetadata": {"FIRST_KEY": "1"}}, "defaultConfig": {"proxyMetadata": {"SECOND_KEY": "1"}}';
    expect(await generate(document(`{"meshConfig": {${twice}}}`))).toPrint(/SECOND_KEY/, { butNot: /FIRST_KEY/ });
  },
);
