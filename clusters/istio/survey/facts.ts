import type { Manifest } from '../../kubernetes/manifest.ts';
import { isObject } from '../../kubernetes/merge-patch.ts';
import { specOf } from '../circumstances/standing.ts';
import { controlPlanes } from './control-planes.ts';
import { keyRefreshInterval, outboundMode, type MeshConfig } from './mesh-config.ts';
import type { FoundMesh } from './survey.ts';

/** Facts about the inspected mesh by name, in reading order. */
export function meshFacts(found: FoundMesh, versions: readonly string[], proxies: ReadonlyMap<string, number>): Record<string, string> {
  const { plane, config, environment, settings, injection, injectors } = found;
  const { tags } = plane;
  const others = controlPlanes(injectors).filter(({ revision }) => revision !== plane.revision);
  const { defaultConfig = {}, trustDomainAliases = [], discoverySelectors = [] } = config;
  const facts: Record<string, string | undefined> = {
    'control plane': `istiod ${versions.join(', ')} in ${plane.namespace}, revision ${plane.revision}${tags.length === 0 ? '' : ` (tags: ${tags.join(', ')})`}`,
    'other control planes': others.map(({ revision, namespace }) => `${revision} in ${namespace}`).join(', '),
    proxies: [...proxies].map(([version, count]) => `${count} of ${version}`).join(', '),
    injection: `${injection.label}=${injection.value}`,
    'root namespace': settings.rootNamespace,
    'trust domain': [
      settings.trustDomain,
      ...(trustDomainAliases.length === 0 ? [] : [`(aliases: ${trustDomainAliases.join(', ')})`]),
    ].join(' '),
    'cluster domain': settings.clusterDomain,
    'outbound traffic': outboundMode(config),
    'access log': accessLog(config),
    'path normalization': config.pathNormalization?.normalization ?? 'DEFAULT',
    'drain duration': defaultConfig.drainDuration ?? '45s',
    'termination drain': defaultConfig.terminationDrainDuration ?? '5s',
    tracing: tracing(config),
    'automatic mutual TLS': config.enableAutoMtls === false ? 'off' : undefined,
    'default retries': config.defaultHttpRetryPolicy === undefined ? undefined : JSON.stringify(config.defaultHttpRetryPolicy),
    'discovery selectors': discoverySelectors.length === 0 ? undefined : JSON.stringify(discoverySelectors),
    'keys of token issuers': `every ${keyRefreshInterval(environment)}`,
    'native sidecars': environment['ENABLE_NATIVE_SIDECARS'],
    ambient: environment['PILOT_ENABLE_AMBIENT'] === 'true' ? 'on' : undefined,
  };
  return Object.fromEntries(Object.entries(facts).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''));
}

function accessLog({ accessLogFile = '', accessLogFormat = '', accessLogEncoding = 'TEXT', defaultProviders }: MeshConfig): string {
  const form = `${accessLogEncoding}, ${accessLogFormat === '' ? "Istio's format" : 'a format of its own'}`;
  const providers = defaultProviders?.accessLogging ?? [];
  if (accessLogFile === '' && providers.length === 0) return `off (${form})`;
  return [accessLogFile, ...providers].filter((one) => one !== '').join(', ') + ` (${form})`;
}

function tracing({ defaultProviders, enableTracing, defaultConfig }: MeshConfig): string {
  const providers = defaultProviders?.tracing ?? [];
  if (providers.length > 0) return providers.join(', ');
  const tracer = Object.keys(defaultConfig?.tracing ?? {});
  return enableTracing === true && tracer.length > 0 ? tracer.join(', ') : 'off';
}

/** Kinds that apply to the proxies of every namespace if they are in the root namespace. */
const INHERITED = new Set([
  'AuthorizationPolicy',
  'DestinationRule',
  'EnvoyFilter',
  'PeerAuthentication',
  'ProxyConfig',
  'RequestAuthentication',
  'Sidecar',
  'Telemetry',
  'TrafficExtension',
  'VirtualService',
  'WasmPlugin',
]);

/** Describes what applies to every namespace. */
export function standingIn(objects: readonly Manifest[], rootNamespace: string): string[] {
  const found = objects.filter(({ kind, metadata }) => INHERITED.has(kind) && metadata.namespace === rootNamespace);
  return found.map((object) => `${object.kind} ${object.metadata.name} in ${rootNamespace}${briefly(object)}`).toSorted();
}

function briefly(object: Manifest): string {
  const { mtls, action, rules, outboundTrafficPolicy } = specOf(object);
  const said = {
    PeerAuthentication: isObject(mtls) ? mtls['mode'] : undefined,
    AuthorizationPolicy: `${typeof action === 'string' ? action : 'ALLOW'}${Array.isArray(rules) ? '' : ' nothing'}`,
    Sidecar: isObject(outboundTrafficPolicy) ? outboundTrafficPolicy['mode'] : undefined,
  }[object.kind];
  return typeof said === 'string' ? `: ${said}` : '';
}
