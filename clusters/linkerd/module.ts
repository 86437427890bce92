import { gatewayApi } from '../images/gateway-api.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import { KubernetesAccess } from '../mesh/kubernetes-access.ts';
import type { MeshModule } from '../mesh/module.ts';
import { LinkerdAdapter } from './adapter.ts';
import { linkerdOn } from './cli.ts';
import { buildIn } from './build.ts';
import { FACTS, refuseRevision } from './facts.ts';
import { linkerdImages, linkerdTool } from './images.ts';
import { LinkerdInjector } from './injector.ts';
import { installLinkerd } from './install.ts';
import { definitions } from './schemas.ts';
import { LinkerdTool } from './tool.ts';
import { linkerdVersion, VERSIONS } from './versions.ts';

/** Linkerd with its viz extension. Tested with edge-26.8.3 compiled from its sources, on one node, but not with the published images. */
export const LINKERD: MeshModule = {
  facts: FACTS,
  versions: VERSIONS,
  images: linkerdImages,
  wheels: () => [],
  goModule: (version) => linkerdVersion(version).module,
  // Linkerd reads v1alpha2 of TLSRoute, which the standard channel no longer serves, and TCPRoute, which it never contained. Linkerd
  // silently ignores what is missing.
  gatewayChannel: 'experimental',
  definitions,
  tool: linkerdTool,
  connect(cluster, api) {
    refuseRevision(cluster.revision);
    const access = new KubernetesAccess(api);
    const tool = () => linkerdOn(cluster, {});
    return new LinkerdAdapter({ access, injector: new LinkerdInjector(api, tool), tool: new LinkerdTool(tool, access) });
  },
  buildIn,
  async install(cluster, api, _build, task) {
    task.progress?.('installing the Gateway API');
    await api.apply(await gatewayApi(linkerdVersion(cluster.meshVersion).module), omitUndefined({ signal: task.signal }));
    await installLinkerd(await linkerdOn(cluster, task), api, {}, task);
  },
};
