import { MeshproofError } from '../errors.ts';
import { membersOf } from '../files.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import type { ObjectApi } from '../kubernetes/object-api.ts';
import { RIG_LABEL } from '../rigs/rig.ts';
import type { MeshInjector } from './adapter.ts';

/** Label of a disabled webhook configuration with the cluster whose run disabled it, so that the next run finds what a killed one left. */
const CUT_BY = 'meshproof.dev/injector-cut-by';
/** The Service that each webhook called before, as JSON. */
const BEFORE = 'meshproof.dev/injector-before';
/** No Service has this name, so a call fails at once instead of timing out. */
const NOBODY = 'meshproof-nobody';

const KIND = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration' } as const;

export interface WebhookConfiguration extends LiveObject {
  webhooks?: { name: string; clientConfig: { service?: { name: string } } }[];
}

/**
 * An injector that the API server calls through webhooks. It is disabled in the webhook configurations, by replacing the Service that they
 * call with one that does not exist. Removing its endpoints or pods would do more than that: running proxies may need them for
 * configuration and certificates, and the API server to validate configuration. The failure policy, the selectors and everything else are
 * unchanged. The original is recorded in the object itself, so that anyone can restore it, even if the process that disabled it is dead.
 */
export abstract class WebhookInjector implements MeshInjector {
  readonly #api: ObjectApi;
  readonly #selector: string;

  /** @param selector label selector of the webhook configurations */
  constructor(api: ObjectApi, selector: string) {
    this.#api = api;
    this.#selector = selector;
  }

  abstract inject(objects: readonly Manifest[]): Promise<Manifest[]>;

  /** The webhook configurations of the tested mesh among those with these labels; default all. */
  protected async ofMesh(found: readonly WebhookConfiguration[]): Promise<readonly WebhookConfiguration[]> {
    return found;
  }

  async disable(owner: string, rig: string): Promise<void> {
    const found = await this.ofMesh(await this.#configurations(this.#selector));
    if (found.length === 0) throw new MeshproofError('INJECTOR_MISSING', `no ${KIND.kind} of this mesh has the label ${this.#selector}`);
    for (const { metadata } of found) {
      const cutBy = metadata.labels?.[CUT_BY];
      if (cutBy === undefined) continue;
      throw new MeshproofError('INJECTOR_CUT', `${metadata.name} is already disabled by ${cutBy}`, {
        hint: 'the next run or sweep by that owner restores it',
      });
    }
    for (const { metadata, webhooks = [] } of found) {
      const before = Object.fromEntries(webhooks.map(({ name, clientConfig }) => [name, clientConfig.service?.name]));
      if (Object.values(before).includes(NOBODY)) throw unrecorded([metadata.name]);
      if (Object.values(before).includes(undefined)) {
        throw new MeshproofError('INJECTOR_ELSEWHERE', `${metadata.name} calls a URL: its injector is not a Service of this cluster`);
      }
      // Recorded first, so that the change can be reverted at any time.
      await this.#mark(metadata.name, { labels: { [CUT_BY]: owner, [RIG_LABEL]: rig }, annotations: { [BEFORE]: JSON.stringify(before) } });
      await this.#pointed(metadata.name, webhooks, () => NOBODY);
    }
  }

  async restore(owner: string): Promise<void> {
    const unknown: string[] = [];
    for (const { metadata, webhooks = [] } of await this.#configurations(`${CUT_BY}=${owner}`)) {
      const before = new Map(recordIn(metadata.annotations?.[BEFORE]));
      const [first, ...others] = new Set(before.values());
      // A webhook may have been renamed. If all of them called the same Service, so did this one.
      const serviceOf = (webhook: string): string | undefined => before.get(webhook) ?? (others.length === 0 ? first : undefined);
      await this.#pointed(metadata.name, webhooks, (name, service) => (service === NOBODY ? serviceOf(name) : undefined));
      if (webhooks.some(({ name, clientConfig }) => clientConfig.service?.name === NOBODY && serviceOf(name) === undefined)) {
        // The mark is kept, so that later runs report it too.
        unknown.push(metadata.name);
        continue;
      }
      await this.#mark(metadata.name, { labels: { [CUT_BY]: null, [RIG_LABEL]: null }, annotations: { [BEFORE]: null } });
    }
    if (unknown.length > 0) throw unrecorded(unknown);
  }

  async outages(): Promise<{ name: string; owner: string; rig: string | undefined }[]> {
    return (await this.#configurations(CUT_BY)).map(({ metadata: { name, labels = {} } }) => ({
      name: `the disabled ${KIND.kind} ${name}`,
      owner: labels[CUT_BY] ?? '',
      rig: labels[RIG_LABEL],
    }));
  }

  #configurations(labelSelector: string): Promise<WebhookConfiguration[]> {
    return this.#api.list<WebhookConfiguration>(KIND.apiVersion, KIND.kind, { labelSelector });
  }

  async #mark(name: string, metadata: Record<string, Record<string, string | null>>): Promise<void> {
    await this.#api.patch({ ...KIND, name }, { metadata });
  }

  /**
   * Makes each webhook call the Service that `choose` returns; undefined leaves it unchanged. Changes nothing if the object was modified in
   * the meantime.
   */
  async #pointed(
    name: string,
    webhooks: NonNullable<WebhookConfiguration['webhooks']>,
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

/** The Service that each webhook called before, as far as the record can be read. */
function recordIn(annotation = '{}'): [webhook: string, service: string][] {
  try {
    return Object.entries(membersOf(JSON.parse(annotation))).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  } catch {
    return [];
  }
}

function unrecorded(configurations: readonly string[]): MeshproofError {
  const message = `${configurations.join(', ')}: webhooks call the Service ${NOBODY}, which does not exist, and the record of the original Service is lost`;
  return new MeshproofError('INJECTOR_CUT', message, {
    hint: `no new pod gets a proxy until they call the injector again: kubectl edit ${KIND.kind.toLowerCase()} ${configurations.join(' ')}, or reinstall the mesh`,
  });
}
