import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { expect, test } from './on-stand-in.ts';

const apiVersion = 'rbac.authorization.k8s.io/v1';
const role: Manifest = { apiVersion, kind: 'Role', metadata: { name: 'role', namespace: 'shop' } };
const binding: Manifest = { apiVersion, kind: 'RoleBinding', metadata: { name: 'binding', namespace: 'shop' } };

test('Applies a role before its binding, and retries the binding until the server has seen the role', async ({ api, server }) => {
  server.kinds.set(apiVersion, [
    { name: 'roles', kind: 'Role', namespaced: true },
    { name: 'rolebindings', kind: 'RoleBinding', namespaced: true },
  ]);
  let refusals = 1;
  server.intercept = ({ method, path }) =>
    method === 'PATCH' && path.endsWith('/binding') && refusals-- > 0
      ? { status: 404, body: { kind: 'Status', message: 'rolebindings "binding" not found' } }
      : undefined;
  await api.apply([binding, role]);
  const applied = server.requests.filter(({ method }) => method === 'PATCH').map(({ path }) => path.split('/').at(-1));
  expect(applied).toEqual(['role', 'binding', 'binding']);
  refusals = 1;
  await expect(api.apply([binding], { dryRun: true })).rejects.toMatchObject({ status: 404 });
});
