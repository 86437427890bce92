import type { LabelSelector } from '../../kubernetes/label-selector.ts';

/** The fields of MeshConfig that are read, with Istio's names and meaning. */
export interface MeshConfig {
  rootNamespace?: string;
  trustDomain?: string;
  trustDomainAliases?: string[];
  outboundTrafficPolicy?: { mode?: string };
  accessLogFile?: string;
  accessLogFormat?: string;
  accessLogEncoding?: string;
  pathNormalization?: { normalization?: string };
  discoverySelectors?: LabelSelector[];
  enableAutoMtls?: boolean;
  enableTracing?: boolean;
  defaultConfig?: ProxyConfig;
  extensionProviders?: {
    name?: string;
    envoyFileAccessLog?: { logFormat?: { text?: string; labels?: Record<string, unknown> } };
    envoyExtAuthzHttp?: { service?: string };
  }[];
  defaultProviders?: { tracing?: string[]; metrics?: string[]; accessLogging?: string[] };
  defaultHttpRetryPolicy?: { attempts?: number; retryOn?: string };
}

interface ProxyConfig {
  drainDuration?: string;
  terminationDrainDuration?: string;
  proxyMetadata?: Record<string, string>;
  tracing?: Record<string, unknown>;
  connectionSettings?: { httpMergeSlashes?: boolean; httpPathWithEscapedSlashesAction?: string };
  image?: { imageType?: string };
}

/** Environment variables of istiod that affect the mesh's behaviour. */
export type PilotEnvironment = Readonly<Record<string, string>>;

/** istiod's default interval for fetching the keys of token issuers. */
const KEYS_EVERY = '20m0s';

/** The interval at which istiod fetches the keys of token issuers, as configured. */
export function keyRefreshInterval({ PILOT_JWT_PUB_KEY_REFRESH_INTERVAL: interval = '' }: PilotEnvironment): string {
  return interval === '' ? KEYS_EVERY : interval;
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a duration in Go's format, e.g. `1h30m` or `1.5s`; NaN if it is invalid. */
export function parseDuration(text: string): number {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return Number.NaN;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
    (sum, [, number, unit = '']) => sum + Number(number) * (UNITS_MS[unit] ?? 0),
    0,
  );
}

/** istiod omits the first value of an enumeration, which is REGISTRY_ONLY here; without any policy the mode is ALLOW_ANY. */
export function outboundMode({ outboundTrafficPolicy: policy }: MeshConfig): string {
  return policy === undefined ? 'ALLOW_ANY' : (policy.mode ?? 'REGISTRY_ONLY');
}
