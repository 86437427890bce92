import { expect, test } from '@playwright/test';

import { istioOperator } from '../../clusters/istio/revisions/operator.ts';

const IMAGES = { hub: 'example.test/istio', tag: '1.31.0', plainEnvoy: true };

test("Omits Istio's own extensions for a plain Envoy", () => {
  const { spec } = istioOperator({ images: IMAGES });
  expect(spec).toMatchObject({ profile: 'minimal', hub: 'example.test/istio', tag: '1.31.0' });
  const env = { PILOT_ENABLE_ALPN_FILTER: 'false', PILOT_ENABLE_METADATA_EXCHANGE: 'false' };
  expect(spec).toMatchObject({ values: { pilot: { env }, telemetry: { enabled: false } } });
});

test('Keeps the extensions of a released proxy', () => {
  const { spec } = istioOperator({ images: { ...IMAGES, plainEnvoy: false } });
  expect(JSON.stringify(spec)).not.toMatch(/ALPN|METADATA_EXCHANGE|telemetry/);
});

test('Merges overrides field by field, with precedence', () => {
  const overrides = {
    meshConfig: { accessLogFile: '/dev/stderr', defaultConfig: { concurrency: 1 } },
    values: { pilot: { env: { A: 'b' } } },
  };
  const { spec } = istioOperator({ images: IMAGES, accessLog: true, overrides });
  expect(spec).toMatchObject({
    meshConfig: {
      accessLogFile: '/dev/stderr',
      defaultConfig: { concurrency: 1, drainDuration: '1s', holdApplicationUntilProxyStarts: true },
    },
    values: { pilot: { autoscaleEnabled: false, env: { A: 'b', PILOT_DEBOUNCE_AFTER: '25ms' } } },
  });
});

test('Defines a trace collector and an authorizer for policies, and makes proxies send spans soon', () => {
  const { spec } = istioOperator({ images: IMAGES });
  expect(spec).toMatchObject({
    meshConfig: {
      defaultConfig: { runtimeValues: { 'tracing.zipkin.flush_interval_ms': '100' } },
      extensionProviders: [
        { name: 'collector', zipkin: { service: 'collector.tracing.example', port: 9411 } },
        { name: 'authorizer', envoyExtAuthzHttp: { service: 'authorizer.security.example', port: 8080 } },
      ],
    },
  });
});
