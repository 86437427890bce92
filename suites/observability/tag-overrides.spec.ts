import { check, expect, unsupported, watchLabelledCounts } from '#fixtures';

check(
  'A tag override changes the label that it names and no other',
  {
    assumes: ['default-metrics'],
    control: { because: 'there is no override', mustFail: { toCountRequests: 'wrong count' } },
    linkerd: unsupported("the labels of Linkerd's metrics are fixed", 'https://linkerd.io/2/reference/proxy-metrics/'),
    needs: {
      feature: 'request-metrics',
      because: "the request counter comes from Istio's own filter",
      link: 'https://istio.io/latest/docs/reference/config/metrics/',
    },
  },
  async ({ caller, v2, namespace }) => {
    const left = await watchLabelledCounts(caller.proxy);
    expect(await caller.send(v2, { count: 20, method: 'PUT' })).toSucceed();
    expect(await left()).toCountRequests([
      {
        labels: {
          reporter: 'source',
          source_workload: 'caller',
          destination_workload: 'server-v2',
          destination_workload_namespace: namespace,
          destination_service_name: 'server-v2',
          response_code: '200',
          request_protocol: 'PUT',
        },
        count: 20,
      },
    ]);
  },
);
