import { exec } from '../exec.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import type { ObjectApi } from '../kubernetes/object-api.ts';
import { objectsIn, streamOf } from '../kubernetes/yaml-stream.ts';
import { WebhookInjector, type WebhookConfiguration } from '../mesh/webhook-injector.ts';
import { placeFlags, type Istioctl } from './istioctl.ts';
import { revisionIn } from './survey/control-planes.ts';

/** The part of istiod that injects proxies into pods. */
export class IstioInjector extends WebhookInjector {
  readonly #tool: () => Promise<Istioctl>;
  readonly #revision: () => Promise<string>;

  /** @param revision revision of the tested control plane */
  constructor(api: ObjectApi, tool: () => Promise<Istioctl>, revision: () => Promise<string>) {
    super(api, 'app=sidecar-injector');
    this.#tool = tool;
    this.#revision = revision;
  }

  /** Webhooks of other revisions belong to other meshes, possibly of other owners. */
  protected override async ofMesh(found: readonly WebhookConfiguration[]): Promise<readonly WebhookConfiguration[]> {
    const revision = await this.#revision();
    return found.filter(({ metadata }) => revisionIn(metadata) === revision);
  }

  async inject(objects: readonly Manifest[]): Promise<Manifest[]> {
    const tool = await this.#tool();
    const revision = tool.revision === undefined ? [] : ['--revision', tool.revision];
    const text = await exec(tool.istioctl, ['kube-inject', '-f', '-', ...revision, ...placeFlags(tool)], {
      input: streamOf(objects),
      timeoutMs: 60_000,
      hint: 'istioctl reads the injection template and the mesh configuration of the cluster, and asks istiod',
    });
    return objectsIn(text);
  }
}
