import type { KubernetesApi } from '../kubernetes/api.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import { parseQuantity, showAmount, type Amounts } from './quantities.ts';

type ResourceQuota = LiveObject & {
  spec?: { scopes?: string[]; scopeSelector?: unknown };
  status?: { hard?: Record<string, string>; used?: Record<string, string> };
};

/** Quotas have two names for requests. */
const ALIASES: Readonly<Record<string, string>> = { cpu: 'requests.cpu', memory: 'requests.memory' };

/** What the quotas of a namespace lack for these amounts, in one sentence each. Quotas for only some pods are ignored. */
export async function quotaShortages(api: KubernetesApi, namespace: string, wanted: Amounts, signal?: AbortSignal): Promise<string[]> {
  const quotas = await api.list<ResourceQuota>('v1', 'ResourceQuota', { namespace, ...omitUndefined({ signal }) });
  return quotas.flatMap(({ metadata, spec, status }) => {
    if ((spec?.scopes ?? []).length > 0 || spec?.scopeSelector !== undefined) return [];
    return Object.entries(status?.hard ?? {}).flatMap(([name, hard]) => {
      const asked = parseQuantity(wanted[ALIASES[name] ?? name] ?? 0);
      const left = parseQuantity(hard) - parseQuantity(status?.used?.[name] ?? 0);
      if (!(asked > 0 && asked > left)) return [];
      return [
        `quota ${metadata.name} of ${namespace} leaves ${showAmount(name, Math.max(0, left))} ${name}, and the samples ask for ${showAmount(name, asked)}`,
      ];
    });
  });
}
