import { exec } from '../exec.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import type { ObjectApi } from '../kubernetes/object-api.ts';
import { objectsIn, streamOf } from '../kubernetes/yaml-stream.ts';
import { WebhookInjector } from '../mesh/webhook-injector.ts';
import { placeFlags, type Istioctl } from './istioctl.ts';

/** The part of istiod that writes proxies into pods. */
export class IstioInjector extends WebhookInjector {
  readonly #tool: () => Promise<Istioctl>;

  constructor(api: ObjectApi, tool: () => Promise<Istioctl>) {
    super(api, 'app=sidecar-injector');
    this.#tool = tool;
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
