import { installIstio } from '../../clusters/istio/istioctl.ts';
import { ISTIO_HUB, istioctlTool } from '../../clusters/istio/images.ts';
import { ISTIO } from '../../clusters/istio/module.ts';
import { pathOf } from '../../clusters/images/tools.ts';
import type { ClusterDescription } from '../../clusters/cluster.ts';
import type { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { rolledOut } from '../../clusters/kubernetes/deployments.ts';
import type { LiveObject } from '../../clusters/kubernetes/live-object.ts';
import type { Pod } from '../../clusters/kubernetes/pods.ts';
import type { Installation, Move, UpgradeChange, UpgradeWay } from '../../clusters/mesh/upgrade.ts';
import { madeOf } from '../../clusters/rigs/deploy.ts';
import { newcomer } from '../../clusters/rigs/rig.ts';
import type { TaskContext } from '../../clusters/task-context.ts';
import { until } from '../../clusters/until.ts';

/** Where an upgrade takes place. */
interface Place {
  api: KubernetesApi;
  cluster: ClusterDescription;
  to: Installation;
}

/** An upgrade that is broken on purpose. */
export interface BrokenUpgrade {
  name: string;
  by: UpgradeWay;
  /** The move with the defect. */
  broken: (move: Move, place: Place) => Move;
  /** Matches the reason, or the difference, by which it must be found. */
  found: RegExp;
}

type Act = (place: Place, move: Move, task: TaskContext) => Promise<void>;

const SYSTEM = 'istio-system';
const PATIENCE_MS = 120_000;

const change = (title: string, run: UpgradeChange['run']): UpgradeChange => ({ title, command: title, run });

/** Ends the way where the rest of it would show no more. */
const STOP = change('end: enough was seen', async () => {
  throw new Error('enough was seen');
});

/** Breaks something right after the installation. @param shows when it shows; the way ends then */
function after(name: string, shows: 'at once' | 'in the restart' | 'at the end', by: UpgradeWay, found: RegExp, act: Act): BrokenUpgrade {
  const broken = (move: Move, place: Place): Move => {
    const before = [...move.before, change(name, (task) => act(place, move, task))];
    if (shows === 'at once') return { ...move, before: [...before, STOP] };
    return { ...move, before, after: shows === 'in the restart' ? [STOP] : move.after };
  };
  return { name, by, found, broken };
}

const atOnce = (name: string, found: RegExp, act: Act, by: UpgradeWay = 'in-place'): BrokenUpgrade =>
  after(name, 'at once', by, found, act);

async function removeWebhooks(api: KubernetesApi, kind: 'MutatingWebhookConfiguration' | 'ValidatingWebhookConfiguration'): Promise<void> {
  await api.remove(await api.list('admissionregistration.k8s.io/v1', kind));
}

async function removeDefinition(api: KubernetesApi, name: string): Promise<void> {
  const found = await api.get({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name });
  await api.remove(found === undefined ? [] : [found]);
}

const istiods = async (api: KubernetesApi): Promise<LiveObject[]> =>
  await api.list('apps/v1', 'Deployment', { namespace: SYSTEM, labelSelector: 'app=istiod' });

/** A new root of trust, with which a new istiod signs; running proxies keep the certificates and the root that they have. */
async function replaceRoot(api: KubernetesApi): Promise<void> {
  const secret = await api.get({ apiVersion: 'v1', kind: 'Secret', name: 'istio-ca-secret', namespace: SYSTEM });
  if (secret === undefined) throw new Error('istiod has no root of its own');
  await api.remove([secret]);
  const planes = await istiods(api);
  await api.remove(await api.list<Pod>('v1', 'Pod', { namespace: SYSTEM, labelSelector: 'app=istiod' }), { gracePeriodSeconds: 0 });
  await rolledOut(api, planes, { timeoutMs: PATIENCE_MS });
}

/** Stops the new control plane, and then moves the tag to it. */
async function moveTagEarly({ api }: Place, { after: [tag] }: Move, task: TaskContext): Promise<void> {
  const [plane] = (await istiods(api)).filter(({ metadata }) => metadata.labels?.['istio.io/rev'] !== 'default');
  if (plane === undefined || tag === undefined) throw new Error('there is no new control plane');
  await api.patch({ apiVersion: 'apps/v1', kind: 'Deployment', name: plane.metadata.name, namespace: SYSTEM }, { spec: { replicas: 0 } });
  await rolledOut(api, [plane], { timeoutMs: PATIENCE_MS });
  await tag.run(task);
}

/** A pod outside the rig, which nothing restarts. */
async function leaveOut({ api, cluster }: Place): Promise<void> {
  const [rig = ''] = cluster.rigs;
  const namespace = 'left-out';
  const { image } = await madeOf(api, rig);
  const pod = newcomer('left-out', namespace, image);
  const [container] = (pod as unknown as Pod).spec.containers;
  await api.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { 'istio-injection': 'enabled' } } }]);
  const command = ['node', '-e', 'setInterval(() => {}, 1_000)'];
  await api.apply([{ ...pod, spec: { containers: [{ ...container, command }] } }]);
  const isRunning = async (): Promise<boolean> =>
    (await api.list<Pod>('v1', 'Pod', { namespace })).every(({ status }) => status?.phase === 'Running');
  await until(isRunning, { what: 'the pod that is left out to run', timeoutMs: PATIENCE_MS });
}

/** Deletes every server at once, and does not wait for its requests: neither a drain nor a disruption budget. */
async function deleteServers({ api, cluster }: Place): Promise<void> {
  const [namespace = ''] = cluster.rigs;
  await api.remove(await api.list<Pod>('v1', 'Pod', { namespace, labelSelector: 'app=server' }), { gracePeriodSeconds: 0 });
  await rolledOut(api, await api.list('apps/v1', 'Deployment', { namespace }), { timeoutMs: PATIENCE_MS });
}

const LOST = String.raw`(kept|new|websocket|tcp|tcp-new): \d+ of \d+ failed`;

export const BROKEN_UPGRADES: readonly BrokenUpgrade[] = [
  atOnce('the servers are deleted at once, without a drain', new RegExp(`"the servers are deleted.*": ${LOST}`), (place) =>
    deleteServers(place),
  ),
  atOnce('the injector cannot be reached', /: pod: \d+ of \d+ failed/, async ({ api, cluster }) =>
    ISTIO.connect(cluster, api).injector.disable(cluster.name, cluster.rigs[0] ?? ''),
  ),
  atOnce('the injector is left out', /: pod: \d+ of \d+ failed/, ({ api }) => removeWebhooks(api, 'MutatingWebhookConfiguration')),
  atOnce('the validator is left out', /: invalid: \d+ of \d+ that must be refused were let through/, ({ api }) =>
    removeWebhooks(api, 'ValidatingWebhookConfiguration'),
  ),
  atOnce('a CRD is left out', /: valid: \d+ of \d+ failed/, ({ api }) => removeDefinition(api, 'virtualservices.networking.istio.io')),
  atOnce('policies go with their CRD', /: denied: \d+ of \d+ that must be refused were let through/, ({ api }) =>
    removeDefinition(api, 'authorizationpolicies.security.istio.io'),
  ),
  atOnce('strict mutual TLS goes with its CRD', /: plaintext: \d+ of \d+ that must be refused were let through/, ({ api }) =>
    removeDefinition(api, 'peerauthentications.security.istio.io'),
  ),
  after('the root is replaced', 'in the restart', 'in-place', new RegExp(`"restart every pod.*": ${LOST}`), ({ api }) => replaceRoot(api)),
  atOnce('the tag is moved before the control plane is ready', /: pod: \d+ of \d+ failed/, moveTagEarly, 'revision'),
  after(
    'a proxy is left with the old version',
    'at the end',
    'revision',
    /only .* to run: .*connected to none of them: proxies 1×/,
    leaveOut,
  ),
  {
    name: 'the old control plane is left',
    by: 'revision',
    found: /only .* to run: .*default: .*; 1-31: /,
    broken: ({ after: [tag], ...move }) => ({ ...move, after: tag === undefined ? [] : [tag] }),
  },
  {
    name: 'a default changes',
    by: 'in-place',
    found: /^default route\.retry_policy\.num_retries: 2, then 5$/,
    broken: (move, { cluster: { kubeconfig, context }, to }) => {
      const install = change('install with five retries', async (task) => {
        const istioctl = await pathOf(istioctlTool(to.version, to.build.tag), task);
        const images = { hub: ISTIO_HUB, tag: to.build.tag, plainEnvoy: !to.build.extended };
        await installIstio(
          { istioctl, kubeconfig, context },
          { images, overrides: { meshConfig: { defaultHttpRetryPolicy: { attempts: 5 } } } },
          task,
        );
      });
      return { ...move, before: [install] };
    },
  },
];
