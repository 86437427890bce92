/** The whole configuration of a proxy by the name of each part, e.g. `route 80`; the text is the normalised part. */
export type Configuration = ReadonlyMap<string, string>;

/** One part that has changed. */
export interface Difference {
  part: string;
  /** In the proxy's format; undefined if it did not exist, or no longer does. */
  before: string | undefined;
  now: string | undefined;
}

type Json = Record<string, unknown>;

interface Dump {
  configs?: Json[];
}

/** The lists on the administration page that contain configuration, and what identifies each part. */
const LISTS: readonly (readonly [list: string, inside: string[], kind: string, name: string])[] = [
  ['dynamic_listeners', ['active_state', 'listener'], 'listener', 'name'],
  ['dynamic_active_clusters', ['cluster'], 'cluster', 'name'],
  ['dynamic_route_configs', ['route_config'], 'route', 'name'],
  ['dynamic_endpoint_configs', ['endpoint_config'], 'endpoints', 'cluster_name'],
  ['ecds_filters', ['ecds_filter'], 'extension', 'name'],
];

/**
 * Parses `/config_dump?include_eds`: listeners, routes, clusters, endpoints and extensions in effect, and the names of secrets. Drops what
 * differs between two readings of one configuration: versions, times, and the order of unordered lists.
 */
export function parseConfiguration(text: string): Configuration {
  const { configs = [] }: Dump = JSON.parse(text);
  const parts = configs.flatMap((page) => [
    ...LISTS.flatMap(([list, inside, kind, name]) =>
      listIn(page, list).flatMap((entry): [string, string][] => {
        const part = inside.reduce<unknown>((value, key) => (isJson(value) ? value[key] : undefined), entry);
        return isJson(part) ? [[`${kind} ${nameOf(part, name)}`, JSON.stringify(ordered(part))]] : [];
      }),
    ),
    ...['dynamic_active_secrets', 'dynamic_warming_secrets'].flatMap((list) =>
      listIn(page, list).map((entry): [string, string] => [`secret ${nameOf(entry, 'name')}`, list]),
    ),
  ]);
  return new Map(parts.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The parts that were added, changed or removed. */
export function differences(before: Configuration, now: Configuration): Difference[] {
  const names = new Set([...before.keys(), ...now.keys()]);
  return [...names].toSorted().flatMap((part) => {
    const [was, is] = [before.get(part), now.get(part)];
    return was === is ? [] : [{ part, before: was, now: is }];
  });
}

/** A difference as one line that shows where the texts differ. */
export function showDifference({ part, before, now }: Difference): string {
  if (before === undefined) return `${part} is new: ${now?.slice(0, 200)}`;
  if (now === undefined) return `${part} is gone`;
  let at = 0;
  while (before[at] === now[at]) at++;
  const from = Math.max(0, at - 60);
  return `${part} was …${before.slice(from, at + 120)}… and is …${now.slice(from, at + 120)}…`;
}

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

const listIn = (page: Json, name: string): Json[] => (Array.isArray(page[name]) ? page[name].filter(isJson) : []);

const nameOf = (part: Json, field: string): string => {
  const name = part[field];
  return typeof name === 'string' ? name : '';
};

/** Endpoints, virtual hosts and fields are unordered; routes and filters are not. */
function ordered(value: unknown, field = ''): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => ordered(item));
    if (!['endpoints', 'lb_endpoints', 'virtual_hosts', 'domains'].includes(field)) return items;
    const texts = items.map((item) => JSON.stringify(item)).toSorted();
    return texts.map((text): unknown => JSON.parse(text));
  }
  if (!isJson(value)) return value;
  const entries = Object.entries(value).filter(([key]) => key !== 'version_info' && key !== 'last_updated');
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, ordered(item, key)]));
}
