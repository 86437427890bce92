import type { LabelSelector } from '../../kubernetes/label-selector.ts';

/** What is read of MeshConfig; field names and their meaning are Istio's. */
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

/** Settings of istiod by its environment, of which a mesh's behaviour depends. */
export type PilotEnvironment = Readonly<Record<string, string>>;

/** How often istiod fetches the keys of token issuers unless it is told otherwise. */
const KEYS_EVERY = '20m0s';

/** How often istiod fetches the keys of token issuers, in its own words. */
export function keysEvery({ PILOT_JWT_PUB_KEY_REFRESH_INTERVAL: interval = '' }: PilotEnvironment): string {
  return interval === '' ? KEYS_EVERY : interval;
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a duration as Go writes it, e.g. `1h30m` or `1.5s`; NaN for what is none. */
export function parseDuration(text: string): number {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return Number.NaN;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
    (sum, [, number, unit = '']) => sum + Number(number) * (UNITS_MS[unit] ?? 0),
    0,
  );
}
