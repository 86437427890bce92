import { MeshproofError } from '../errors.ts';
import { gatewayApi } from '../images/gateway-api.ts';
import { pathOf } from '../images/tools.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import { KubernetesAccess } from '../mesh/kubernetes-access.ts';
import type { MeshCluster, MeshModule } from '../mesh/module.ts';
import type { TaskContext } from '../task-context.ts';
import { istio } from './adapter.ts';
import { buildIn } from './build.ts';
import { FACTS } from './facts.ts';
import { ISTIO_HUB, istioctlTool, istioImages, istioWheels } from './images.ts';
import { IstioInjector } from './injector.ts';
import { installIstio, type Istioctl } from './istioctl.ts';
import { IstioRevisions } from './revisions/revisions.ts';
import { definitions } from './schemas.ts';
import { IstioTool } from './tool.ts';
import { MeshFinder } from './survey/finder.ts';
import { istioVersion, VERSIONS } from './versions.ts';

/** Istio with sidecars. */
export const ISTIO: MeshModule = {
  facts: FACTS,
  versions: VERSIONS,
  images: istioImages,
  wheels: istioWheels,
  goModule: (version) => istioVersion(version).module,
  gatewayChannel: 'standard',
  definitions,
  tool: istioctlTool,
  connect(cluster, api) {
    const access = new KubernetesAccess(api);
    const finder = new MeshFinder(access, cluster.revision);
    const tool = async () => ({ ...(await istioctlOn(cluster, {})), ...(await finder.mesh()).plane });
    return istio({
      access,
      finder,
      injector: new IstioInjector(api, tool, async () => (await finder.mesh()).plane.revision),
      tool: new IstioTool(tool, async () => (await finder.mesh()).istiod),
      revisions: new IstioRevisions(api, { access, finder, tool }),
    });
  },
  buildIn,
  async install(cluster, api, { tag, extended }, task) {
    const { module } = istioVersion(cluster.meshVersion);
    task.progress?.('installing the Gateway API');
    await api.apply(await gatewayApi(module), omitUndefined({ signal: task.signal }));
    const images = { hub: ISTIO_HUB, tag, plainEnvoy: !extended };
    await installIstio(await istioctlOn({ ...cluster, meshTag: tag }, task), { images }, task);
  },
};

/** @throws MeshproofError `NO_KUBECONFIG` */
async function istioctlOn({ kubeconfig, context, meshVersion, meshTag }: Partial<MeshCluster>, task: TaskContext): Promise<Istioctl> {
  if (kubeconfig === undefined || context === undefined) throw new MeshproofError('NO_KUBECONFIG', 'istioctl needs a kubeconfig');
  return { istioctl: await pathOf(istioctlTool(meshVersion, meshTag), task), kubeconfig, context };
}
