import { isObject } from '../../kubernetes/merge-patch.ts';
import type { Assumption } from '../../mesh/assumptions.ts';
import { AUTHORIZER } from '../revisions/operator.ts';
import { keyRefreshInterval, outboundMode, parseDuration } from '../survey/mesh-config.ts';
import { allowances, denials, foreignAllowances } from './authorization.ts';
import { missingLogFields, loggers, metricOverrides, tracers } from './telemetry.ts';
import { permissive, reaching } from './remedies.ts';
import { routeObstacles } from './routes.ts';
import { inWords, isForAll, meshedOf, ofKind, specOf, type Obstacle, type Place, type Standing } from './standing.ts';

type Rule = (standing: Standing, place: Place) => Obstacle[];

/** Required by every check. */
export const TRAFFIC: Rule = (standing, place) => [
  ...denials(standing, place),
  ...allowances(standing, place),
  ...routeObstacles(standing, place),
];

/** Longer than a check waits for keys to be fetched again. */
const KEYS_MS = 10_000;

const setting = (name: string, value: unknown): Obstacle => ({
  what: `MeshConfig has ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
});
const variable = (name: string, value: string): Obstacle => ({ what: `istiod has ${name}=${value}` });

/** For each assumption, what prevents it. */
export const RULES: Readonly<Record<Assumption, Rule>> = {
  plaintext: (standing, place) => mutualTls(standing, place, 'STRICT'),
  'mutual-tls': (standing, place) => [
    ...(standing.config.enableAutoMtls === false ? [setting('enableAutoMtls', false)] : []),
    ...mutualTls(standing, place, 'DISABLE'),
  ],
  'open-mesh': ({ objects, rootNamespace }, place) =>
    [rootNamespace, ...meshedOf(place)]
      .flatMap((namespace) => ofKind(objects, 'PeerAuthentication', namespace).filter(isForAll))
      .map((policy) => ({ what: inWords(policy) })),
  'own-policies': foreignAllowances,
  'log-fields': (standing, place) => [...missingLogFields(standing), ...tracers(standing, place)],
  'quiet-logs': loggers,
  'default-metrics': metricOverrides,
  'unlisted-hosts': ({ config }, place) => {
    const mode = outboundMode(config);
    return mode === 'ALLOW_ANY' ? [] : [{ ...setting('outboundTrafficPolicy.mode', mode), settle: reaching(place) }];
  },
  'paths-as-sent': ({ config }) => {
    const { normalization = 'DEFAULT' } = config.pathNormalization ?? {};
    const { httpMergeSlashes, httpPathWithEscapedSlashesAction: escaped } = config.defaultConfig?.connectionSettings ?? {};
    return [
      ...(['DEFAULT', 'BASE'].includes(normalization) ? [] : [setting('pathNormalization', normalization)]),
      ...(httpMergeSlashes === true ? [setting('connectionSettings.httpMergeSlashes', true)] : []),
      ...(escaped === undefined ? [] : [setting('connectionSettings.httpPathWithEscapedSlashesAction', escaped)]),
    ];
  },
  'default-retries': ({ config }) =>
    config.defaultHttpRetryPolicy === undefined ? [] : [setting('defaultHttpRetryPolicy', config.defaultHttpRetryPolicy)],
  'token-keys': ({ environment }) =>
    ['PILOT_JWT_ENABLE_REMOTE_JWKS', 'BLOCKED_CIDRS_IN_JWKS_URIS'].flatMap((name) => {
      const { [name]: value = '' } = environment;
      return ['', 'false', 'istiod'].includes(value) ? [] : [variable(name, value)];
    }),
  'fresh-keys': ({ environment }) => {
    const every = keyRefreshInterval(environment);
    return parseDuration(every) <= KEYS_MS
      ? []
      : [{ what: `istiod fetches the keys of token issuers every ${every} (PILOT_JWT_PUB_KEY_REFRESH_INTERVAL)` }];
  },
  'daily-certificates': ({ config, environment }) => {
    const { SECRET_TTL: asked } = config.defaultConfig?.proxyMetadata ?? {};
    const { DEFAULT_WORKLOAD_CERT_TTL: given } = environment;
    return [
      ...(asked === undefined ? [] : [setting('proxyMetadata.SECRET_TTL', asked)]),
      ...(given === undefined ? [] : [variable('DEFAULT_WORKLOAD_CERT_TTL', given)]),
    ];
  },
  'cluster-names': ({ config }) => {
    const { ISTIO_META_DNS_CAPTURE: capture = '' } = config.defaultConfig?.proxyMetadata ?? {};
    return capture === 'true' ? [setting('proxyMetadata.ISTIO_META_DNS_CAPTURE', capture)] : [];
  },
  authorizer: ({ config: { extensionProviders = [] } }) =>
    extensionProviders.some(
      ({ name, envoyExtAuthzHttp: { service } = {} }) => name === AUTHORIZER.name && service === AUTHORIZER.envoyExtAuthzHttp.service,
    )
      ? []
      : [{ what: `MeshConfig has no ${AUTHORIZER.envoyExtAuthzHttp.service} among its extensionProviders` }],
  'mirrored-host': ({ environment: { DISABLE_SHADOW_HOST_SUFFIX: disabled } }) =>
    disabled === 'false' ? [variable('DISABLE_SHADOW_HOST_SUFFIX', disabled)] : [],
};

/** Objects that affect the samples' proxies with unpredictable results. */
export function opaqueOf({ objects, rootNamespace }: Standing, place: Place): string[] {
  const kinds = ['EnvoyFilter', 'WasmPlugin', 'TrafficExtension'];
  return [rootNamespace, ...meshedOf(place)].flatMap((namespace) =>
    kinds.flatMap((kind) => ofKind(objects, kind, namespace).map((object) => `${kind} ${object.metadata.name} in ${namespace}`)),
  );
}

/**
 * Where a mode of mutual TLS applies to the samples. It can be overridden if it is set above the rig's namespaces; within them, their
 * oldest policy applies.
 */
function mutualTls({ objects, rootNamespace }: Standing, place: Place, unwanted: string): Obstacle[] {
  const oldest = (namespace: string) => {
    const [policy] = ofKind(objects, 'PeerAuthentication', namespace).filter(isForAll);
    const { mtls } = policy === undefined ? {} : specOf(policy);
    const mode = isObject(mtls) && typeof mtls['mode'] === 'string' ? mtls['mode'] : undefined;
    return policy === undefined || mode === undefined || mode === 'UNSET' ? undefined : { policy, mode };
  };
  const own = meshedOf(place)
    .map(oldest)
    .filter((one) => one !== undefined);
  const inherited = oldest(rootNamespace);
  return [
    ...own.filter(({ mode }) => mode === unwanted).map(({ policy, mode }) => ({ what: inWords(policy, mode) })),
    ...(inherited?.mode === unwanted ? [{ what: inWords(inherited.policy, unwanted), settle: permissive(place) }] : []),
  ];
}
