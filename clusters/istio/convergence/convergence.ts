import { MeshproofError } from '../../errors.ts';
import type { ConvergeOptions, Enforcement } from '../../mesh/adapter.ts';
import { until } from '../../until.ts';
import type { ClusterAccess } from '../../mesh/access.ts';
import { untilIstiodHasRouted } from './gateway-routes.ts';
import type { Istiod } from '../istiod.ts';
import { Proxies, type Pace } from './proxies.ts';
import { untilIstiodHasSeen } from './store.ts';

const PACE: Pace = { everyMs: 25, drainEveryMs: 50, renewMs: 1_000, rejectionMs: 500, podsMs: 1_000 };
const TIMEOUT_MS = 90_000;

/**
 * Returns when every proxy of a namespace enforces what was applied, or no longer enforces what was removed, on new and on kept
 * connections.
 *
 * 1. istiod's store contains the objects, or what istiod derives from them. 2. A sentinel is then placed: one cluster with a name never
 * used before. Pushes are computed from the whole store one after the other, so a push with the sentinel contains the objects too. 3. Each
 * proxy shows the sentinel, and has then acknowledged that push, or a later one, for each resource type; what it received is warm. 4. No
 * proxy is draining listeners or filter chains any longer. Until then kept connections follow the old configuration: of 120 requests on
 * kept connections, sent right after a DENY policy was acknowledged, 8 to 23 still passed; after draining, none of 960 did.
 *
 * Between the moment when istiod's store contains an object and the event that makes the next push read it, there is no more than a switch
 * of goroutines, while the sentinel takes a write to etcd, a watch event and istiod's debounce time. The first interval cannot be observed.
 *
 * Removed objects must have been waited for when they were applied; otherwise a late watch event could still bring them back.
 * @returns when every proxy had acknowledged, and when the last one had drained
 * @throws MeshproofError with code `PROXY_MISSING` (the namespace has no proxy), `CONFIG_REJECTED` (a proxy rejects the configuration, with
 * its reason), `NOT_CONVERGED` (timed out, with what is missing where), `NOT_APPLIED`, or the signal's reason
 */
export async function converge(access: ClusterAccess, istiod: Istiod, options: ConvergeOptions, pace: Pace = PACE): Promise<Enforcement> {
  const started = performance.now();
  const { namespace, objects, after, timeoutMs = TIMEOUT_MS, signal, progress } = options;
  const left = (): number => Math.max(0, timeoutMs - (performance.now() - started));
  const stop = signal === undefined ? {} : { signal };

  progress?.(`waiting for istiod to see ${objects.length} objects`);
  const proxies = new Proxies(access, istiod, namespace, pace, signal);
  await proxies.start();
  if (proxies.count === 0 && options.mayBeEmpty !== true) throw noProxies(namespace);
  const seen = { objects, after, namespace, timeoutMs: left(), everyMs: pace.everyMs, ...stop };
  await untilIstiodHasSeen(access, istiod, seen).catch(asNotConverged);
  await untilIstiodHasRouted(access, istiod, { ...seen, timeoutMs: left() }).catch(asNotConverged);

  progress?.(`waiting for the proxies of ${namespace} to acknowledge`);
  let rejection: MeshproofError | undefined;
  const settle = async (look: () => Promise<boolean>, everyMs: number): Promise<number> => {
    const done = async (): Promise<boolean> => {
      const settled = await look();
      rejection = proxies.rejection();
      return settled || rejection !== undefined;
    };
    await until(done, { what: 'the proxies', timeoutMs: left(), everyMs, ...stop }).catch((error: unknown) => {
      throw asNotConvergedOf(error, namespace, timeoutMs, proxies.lacking());
    });
    if (rejection !== undefined) throw rejection;
    return performance.now() - started;
  };

  const acknowledgedMs = await settle(async () => await proxies.haveAcknowledged(), pace.everyMs);
  progress?.(`waiting for old connections of ${namespace} to drain`);
  const drainedMs = await settle(async () => await proxies.haveDrained(), pace.drainEveryMs);
  return { enforcedMs: drainedMs, stages: { acknowledged: acknowledgedMs, drained: drainedMs } };
}

/** Without a proxy nothing is enforced, so whatever is observed then says nothing about the mesh. */
function noProxies(namespace: string): MeshproofError {
  return new MeshproofError('PROXY_MISSING', `no pod in ${namespace} has a running proxy, so nothing enforces what is applied there`, {
    hint: 'the labels of the namespace decide which control plane injects its pods: npx meshproof doctor shows them',
  });
}

function asNotConverged(error: unknown): never {
  if (!(error instanceof MeshproofError) || error.code !== 'TIMED_OUT') throw error;
  throw new MeshproofError('NOT_CONVERGED', error.message, { cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }) });
}

function asNotConvergedOf(error: unknown, namespace: string, timeoutMs: number, lacking: readonly string[]): unknown {
  if (!(error instanceof MeshproofError) || error.code !== 'TIMED_OUT') return error;
  const why = lacking.length === 0 ? error.message : lacking.join('; ');
  return new MeshproofError('NOT_CONVERGED', `the proxies of ${namespace} did not converge within ${timeoutMs / 1000} s: ${why}`, {
    cause: error,
    hint: 'see istiod’s log and the proxies’ config dumps in the diagnostics folder',
  });
}
