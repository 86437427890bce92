import type { Manifest } from '../kubernetes/manifest.ts';
import type { ObjectApi } from '../kubernetes/object-api.ts';
import { objectsIn, streamOf } from '../kubernetes/yaml-stream.ts';
import { WebhookInjector } from '../mesh/webhook-injector.ts';
import { runLinkerd, type LinkerdCli } from './cli.ts';

/** The proxy injector of the control plane, and the command that does the same on the command line. */
export class LinkerdInjector extends WebhookInjector {
  readonly #tool: () => Promise<LinkerdCli>;

  constructor(api: ObjectApi, tool: () => Promise<LinkerdCli>) {
    super(api, 'linkerd.io/control-plane-component=proxy-injector');
    this.#tool = tool;
  }

  /** Includes the containers in the manifest: without `--manual` the command only adds the annotation, and the webhook does the rest. */
  async inject(objects: readonly Manifest[]): Promise<Manifest[]> {
    const hint = 'linkerd reads the values of the installation from the cluster';
    return objectsIn(await runLinkerd(await this.#tool(), ['inject', '--manual', '-'], { input: streamOf(objects), hint }));
  }
}
