import { delimiter } from 'node:path';

export const kubeconfig = (name: string, current = ''): string => `
apiVersion: v1
kind: Config
clusters: [{ name: ${name}, cluster: { server: "https://${name}.test:6443" } }]
users: [{ name: ${name}-user, user: { token: ${name}-token } }]
contexts:
- { name: ${name}, context: { cluster: ${name}, user: ${name}-user, namespace: mine } }
- { name: shared, context: { cluster: ${name}, user: ${name}-user } }
current-context: "${current}"
`;

/** Sets KUBECONFIG to these files while `act` runs. */
export async function withKubeconfig(files: readonly string[], act: () => Promise<void>): Promise<void> {
  const before = process.env['KUBECONFIG'];
  process.env['KUBECONFIG'] = files.join(delimiter);
  try {
    await act();
  } finally {
    if (before === undefined) delete process.env['KUBECONFIG'];
    else process.env['KUBECONFIG'] = before;
  }
}
