/** Names that every proxy uses for its own resources, whatever else is in the mesh. */
const OWN = /^(inbound\||virtualInbound$|\w*(BlackHole|Passthrough)Cluster$|prometheus_stats$|agent$|(sds|xds)-grpc$|default$|ROOTCA$)/;
/** Lists in a proxy's bootstrap configuration. */
const OF_THE_BOOTSTRAP = ['static_clusters', 'static_listeners'];

type Fields = Record<string, unknown>;

/**
 * Reduces a mesh's state to what concerns one rig, if the rest belongs to others: a proxy knows the names, addresses and routes of every
 * namespace that it may call, and a control plane those of all namespaces. Whatever does not name a namespace of the rig is dropped.
 */
export class OwnState {
  readonly #rig: RegExp;
  /** A proxy's upstream clusters that belong to the rig, including those whose names do not show it. */
  readonly #clusters = new Set<string>();

  /** @param rig its namespace; namespaces with this prefix and a dash belong to it too */
  constructor(rig: string) {
    this.#rig = new RegExp(`(?<![a-z0-9-])${RegExp.escape(rig)}(?=$|[^a-z0-9])`);
  }

  /** The page /config_dump of a proxy in the rig. Must be read before the proxy's other pages. */
  configDump(text: string): string {
    const dump = parsed(text);
    if (!isFields(dump) || !Array.isArray(dump['configs'])) throw new Error(UNKNOWN_FORM);
    const configs: unknown[] = dump['configs'];
    return JSON.stringify({ ...dump, configs: configs.filter(isFields).map((section) => this.#section(section)) }, null, 1);
  }

  /** The page /clusters of a proxy: lines that start with a cluster's name. */
  clusters(text: string): string {
    return linesOf(text, (line) => this.#isOwn(line.split('::')[0] ?? ''));
  }

  /** The page /stats of a proxy. */
  stats(text: string): string {
    const known = [...this.#clusters].map((name) => `cluster.${name}.`);
    return linesOf(text, (line) => {
      if (this.#names(line) || known.some((start) => line.startsWith(start))) return true;
      return line.startsWith('cluster.') ? OWN.test(firstName(line)) : !/outbound\||\.svc\./.test(line);
    });
  }

  /** The page /debug/syncz of istiod: a list of proxies. */
  syncz(text: string): string {
    const proxies = parsed(text);
    if (!Array.isArray(proxies)) throw new Error(UNKNOWN_FORM);
    return JSON.stringify(proxies.filter((proxy) => this.#names(JSON.stringify(proxy))));
  }

  /** The page /debug/push_status of istiod. */
  pushStatus(text: string): string {
    return JSON.stringify(this.#pruned(parsed(text)) ?? {});
  }

  /** A log that covers all namespaces. */
  log(text: string): string {
    return linesOf(text, (line) => this.#names(line));
  }

  #names(text: string): boolean {
    return this.#rig.test(text);
  }

  #isOwn(cluster: string): boolean {
    return OWN.test(cluster) || this.#clusters.has(cluster) || this.#names(cluster);
  }

  #section(section: Fields): Fields {
    const lists = Object.entries(section).filter(([key, value]) => Array.isArray(value) && !OF_THE_BOOTSTRAP.includes(key));
    const kept = lists.map(([key, list]) => [key, (list as unknown[]).flatMap((item) => this.#item(item))]);
    return { ...section, ...Object.fromEntries(kept) };
  }

  #item(item: unknown): unknown[] {
    if (!isFields(item)) return [];
    const { route_config: routes, cluster, endpoint_config: endpoints, listener } = item;
    const [name = ''] = [item, cluster, routes, listener]
      .flatMap((one) => (isFields(one) ? [one['name']] : []))
      .filter((one) => typeof one === 'string');
    if (OWN.test(name)) return [item];
    if (isFields(endpoints)) return this.#isOwn(String(endpoints['cluster_name'])) ? [item] : [];
    const rest = isFields(routes) ? { ...item, route_config: { ...routes, virtual_hosts: this.#hosts(routes['virtual_hosts']) } } : item;
    if (!this.#names(JSON.stringify(rest))) return [];
    if (isFields(cluster)) this.#clusters.add(name);
    return [rest];
  }

  #hosts(hosts: unknown): unknown[] {
    return Array.isArray(hosts) ? hosts.filter((host) => this.#names(JSON.stringify(host))) : [];
  }

  #pruned(value: unknown): unknown {
    if (!isFields(value)) return undefined;
    if (Object.values(value).some((field) => typeof field === 'string' && this.#names(field))) return value;
    const kept = Object.entries(value)
      .map(([key, field]) => [key, this.#names(key) ? field : this.#pruned(field)])
      .filter(([, field]) => field !== undefined);
    return kept.length === 0 ? undefined : Object.fromEntries(kept);
  }
}

const UNKNOWN_FORM = 'the page has an unexpected form, and may contain data of others';

/** Without the parser's message, which quotes the text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(UNKNOWN_FORM);
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function linesOf(text: string, keep: (line: string) => boolean): string {
  return text
    .split(/(?<=\n)/)
    .filter((line) => keep(line.trimEnd()))
    .join('');
}

/** `xds-grpc` of `cluster.xds-grpc.upstream_cx_total: 1`. */
function firstName(line: string): string {
  return line.split('.')[1] ?? '';
}
