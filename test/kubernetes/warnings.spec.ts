import { warningsOf } from '../../clusters/kubernetes/connection.ts';
import { expect, test } from './on-stand-in.ts';

test('Passes each warning of the server to the caller with its object', async ({ api, server }) => {
  server.intercept = ({ method, path, body }) =>
    method === 'PATCH' && path.endsWith('/old')
      ? { status: 200, body, headers: { warning: '299 - "field a is deprecated", 299 istiod "say \\"b\\", not a"' } }
      : undefined;
  const heard: string[] = [];
  const objects = ['old', 'new'].map((name) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } }));
  await api.apply(objects, { namespace: 'shop', warned: ({ metadata }, text) => heard.push(`${metadata.name}: ${text}`) });
  expect(heard).toEqual(['old: field a is deprecated', 'old: say "b", not a']);
});

test('Ignores a header without a warning', () => {
  expect(warningsOf(undefined)).toEqual([]);
  expect(warningsOf('299 - no quotes')).toEqual([]);
});
