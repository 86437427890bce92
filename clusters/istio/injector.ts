import { parseAllDocuments } from 'yaml';

import { MeshproofError } from '../errors.ts';
import { exec } from '../exec.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import type { ObjectApi } from '../kubernetes/object-api.ts';
import type { MeshInjector } from '../mesh/adapter.ts';
import { RIG_LABEL } from '../rigs/rig.ts';
import type { Istioctl } from './istioctl.ts';

/** A label on what is cut off, its value whose run did that: the next run finds by it what a killed one left. */
const CUT_BY = 'meshproof.dev/injector-cut-by';
/** The Service that each webhook called before, as JSON. */
const BEFORE = 'meshproof.dev/injector-before';
/** No Service has this name, so a call fails at once instead of timing out. */
const NOBODY = 'meshproof-nobody';

const KIND = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration' } as const;

interface Configuration extends LiveObject {
  webhooks?: { name: string; clientConfig: { service?: { name: string } } }[];
}

/**
 * The part of istiod that writes proxies into pods. It is cut off in the webhook configurations: the Service that they call becomes nobody's.
 * Taking away istiod's endpoints or pods would be more than that: running proxies need them for configuration and certificates, and the
 * API server to validate configuration. The failure policy, the selectors and all else stay as they were installed. What stood there
 * is kept in the object itself, so that whoever finds it can put it back, even when the process that cut is dead.
 */
export class IstioInjector implements MeshInjector {
  readonly #api: ObjectApi;
  readonly #tool: () => Promise<Istioctl>;

  constructor(api: ObjectApi, tool: () => Promise<Istioctl>) {
    this.#api = api;
    this.#tool = tool;
  }

  async inject(objects: readonly Manifest[]): Promise<Manifest[]> {
    const { istioctl, kubeconfig, context } = await this.#tool();
    const input = objects.map((object) => `---\n${JSON.stringify(object)}\n`).join('');
    const text = await exec(istioctl, ['kube-inject', '-f', '-', '--kubeconfig', kubeconfig, '--context', context], {
      input,
      timeoutMs: 60_000,
      hint: 'istioctl reads the injection template and the mesh configuration of the cluster, and asks istiod',
    });
    const documents = parseAllDocuments(text);
    return (Array.isArray(documents) ? documents : [])
      .map((document): Manifest | null => document.toJS())
      .filter((object) => object !== null);
  }

  async cut(owner: string, rig: string): Promise<void> {
    const found = await this.#configurations('app=sidecar-injector');
    if (found.length === 0) throw new MeshproofError('INJECTOR_MISSING', `no ${KIND.kind} has the label app=sidecar-injector`);
    for (const { metadata } of found) {
      const cutBy = metadata.labels?.[CUT_BY];
      if (cutBy === undefined) continue;
      throw new MeshproofError('INJECTOR_CUT', `${metadata.name} is cut off already, by ${cutBy}`, {
        hint: 'when no run of it is under way, its next run puts the injector back',
      });
    }
    for (const { metadata, webhooks = [] } of found) {
      const before = Object.fromEntries(webhooks.map(({ name, clientConfig }) => [name, clientConfig.service?.name]));
      if (Object.values(before).includes(undefined)) {
        throw new MeshproofError('INJECTOR_ELSEWHERE', `${metadata.name} calls a URL: its injector is no Service of this cluster`);
      }
      // Before the deed, so that there is no moment at which it could not be undone.
      await this.#mark(metadata.name, { labels: { [CUT_BY]: owner, [RIG_LABEL]: rig }, annotations: { [BEFORE]: JSON.stringify(before) } });
      await this.#pointed(metadata.name, webhooks, () => NOBODY);
    }
  }

  async mend(owner: string): Promise<void> {
    for (const { metadata, webhooks = [] } of await this.#configurations(`${CUT_BY}=${owner}`)) {
      const before: Record<string, string> = JSON.parse(metadata.annotations?.[BEFORE] ?? '{}');
      await this.#pointed(metadata.name, webhooks, (name, service) => (service === NOBODY ? before[name] : undefined));
      await this.#mark(metadata.name, { labels: { [CUT_BY]: null, [RIG_LABEL]: null }, annotations: { [BEFORE]: null } });
    }
  }

  async cuts(): Promise<{ name: string; owner: string; rig: string | undefined }[]> {
    return (await this.#configurations(CUT_BY)).map(({ metadata: { name, labels = {} } }) => ({
      name: `the cut of ${KIND.kind} ${name}`,
      owner: labels[CUT_BY] ?? '',
      rig: labels[RIG_LABEL],
    }));
  }

  #configurations(labelSelector: string): Promise<Configuration[]> {
    return this.#api.list<Configuration>(KIND.apiVersion, KIND.kind, { labelSelector });
  }

  async #mark(name: string, metadata: Record<string, Record<string, string | null>>): Promise<void> {
    await this.#api.patch({ ...KIND, name }, { metadata });
  }

  /** Lets each webhook call the Service that `choose` names; undefined leaves it. Nothing is changed when somebody else did meanwhile. */
  async #pointed(
    name: string,
    webhooks: NonNullable<Configuration['webhooks']>,
    choose: (webhook: string, service: string | undefined) => string | undefined,
  ): Promise<void> {
    const operations = webhooks.flatMap((webhook, index) => {
      const service = webhook.clientConfig.service?.name;
      const value = choose(webhook.name, service);
      const path = `/webhooks/${index}/clientConfig/service/name`;
      if (value === undefined) return [];
      return [
        { op: 'test', path: `/webhooks/${index}/name`, value: webhook.name },
        { op: 'test', path, value: service },
        { op: 'replace', path, value },
      ];
    });
    if (operations.length > 0) await this.#api.patch({ ...KIND, name }, operations, { type: 'json' });
  }
}
