import { ensureEngine } from '../../clusters/engine/ensure.ts';
import type { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { until } from '../../clusters/until.ts';

/** The API server's record of one request, with the field names of audit.k8s.io/v1. */
export interface AuditEvent {
  verb: string;
  user: { username: string };
  objectRef?: { resource: string; subresource?: string; namespace?: string; name?: string; apiGroup?: string };
  requestURI: string;
  responseStatus?: { code: number };
}

const POLICY = (user: string): string =>
  JSON.stringify({
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived', 'ResponseStarted'],
    rules: [{ level: 'Metadata', users: [user] }, { level: 'None' }],
  });

/** A folder on the node that is already a volume of the API server's pod. */
const FOLDER = '/etc/kubernetes/pki';
const MANIFEST = '/etc/kubernetes/manifests/kube-apiserver.yaml';

/** Makes the API server of a kind cluster log every request of one user to its node, and returns once it serves again. */
export async function audit(node: string, user: string, owner: KubernetesApi): Promise<() => Promise<AuditEvent[]>> {
  const engine = await ensureEngine({ allowPrivate: true }, {});
  const inNode = (script: string) => engine.docker(['exec', node, 'sh', '-ec', script]);
  await inNode(`cat > ${FOLDER}/audit-policy.json <<'END'\n${POLICY(user)}\nEND\ntouch ${FOLDER}/audit.log`);
  // The volume is read-only, but the log must be written.
  const flags = `--audit-policy-file=${FOLDER}/audit-policy.json --audit-log-path=${FOLDER}/audit.log`;
  const insert = flags
    .split(' ')
    .map((flag) => `-e '/- kube-apiserver$/a\\    - ${flag}'`)
    .join(' ');
  await inNode(
    `sed ${insert} ${MANIFEST} | sed '/mountPath: .etc.kubernetes.pki$/,/readOnly/ s/readOnly: true/readOnly: false/' > /tmp/apiserver.yaml; mv /tmp/apiserver.yaml ${MANIFEST}`,
  );
  const started = async (): Promise<boolean> => {
    const [pod] = await owner.list('v1', 'Pod', { namespace: 'kube-system', labelSelector: 'component=kube-apiserver' });
    return JSON.stringify(pod?.['spec'] ?? {}).includes('audit.log') && JSON.stringify(pod?.status ?? {}).includes('"ready":true');
  };
  await until(started, { what: 'the API server to log requests', timeoutMs: 180_000, everyMs: 1_000 });
  return async () => {
    const text = await inNode(`cat ${FOLDER}/audit.log`);
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as AuditEvent);
  };
}
