import { setTimeout as delay } from 'node:timers/promises';

import { causeOf, MeshproofError } from '../../errors.ts';
import type { Manifest } from '../../kubernetes/manifest.ts';
import type { ClusterAccess } from '../../mesh/access.ts';
import type { ConvergeOptions, Enforcement } from '../../mesh/adapter.ts';
import { InboundSides } from './inbound.ts';
import { markersOf, type Marker } from './marks.ts';
import { conditionsOf, OutboundSides } from './outbound.ts';
import { inboundKinds } from './sentinel.ts';

/** The intervals and time limits of convergence, in milliseconds. */
export interface Pace {
  everyMs: number;
  /** How long a burst of requests lasts before the proxies are left to forget. */
  burstMs: number;
  /**
   * A proxy forgets what it has discovered about a service that is not called for this long
   * (`LINKERD2_PROXY_OUTBOUND_DISCOVERY_IDLE_TIMEOUT`, 5 s).
   */
  forgottenMs: number;
}

const PACE: Pace = { everyMs: 30, burstMs: 1_500, forgottenMs: 5_600 };
const TIMEOUT_MS = 30_000;

/**
 * Returns when the proxies enforce what was applied, or no longer enforce what was removed.
 *
 * Conditions in an object's status say that the control plane has accepted it, but nothing about the proxies; a route with a filter that
 * the control plane cannot convert is accepted and omitted. So effects are observed, with requests that are not part of the measurement:
 * 1. The inbound side: sentinels of the same kinds, placed later, for an unused port of each pod. The control plane receives the objects of
 * a kind in order, and each proxy logs the policy that it receives (`InboundSides`). A policy takes effect on the next request, on kept
 * connections too.
 * 2. Callers' proxies: each route and each profile has an additional rule for a path never used before (`marked`). Every caller of the rig
 * requests it until its proxy answers by that rule, and after a removal until it no longer does. A profile takes effect, and loses it, only
 * at a discovery, and a service that is being called is never discovered anew: between two bursts nothing is requested until the proxies
 * have forgotten the service.
 *
 * Between the sentinel's port and another port of the same pod there is no more than the control plane's writing to two streams of one
 * connection, while a sentinel takes a write to etcd and a watch event after the objects before it. The first interval cannot be observed.
 * @throws MeshproofError with code `CONFIG_WITHOUT_EFFECT` (timed out while an applied route or profile had no effect), `NOT_CONVERGED`
 * (with what is missing where), `CONVERGENCE_UNSEEN`, or the signal's reason
 */
export async function converge(access: ClusterAccess, options: ConvergeOptions, pace: Pace = PACE): Promise<Enforcement> {
  const started = performance.now();
  const { namespace, objects, after, callers = [], timeoutMs = TIMEOUT_MS, signal, progress } = options;
  const elapsed = (): number => performance.now() - started;

  progress?.(`waiting for the proxies of ${namespace} to receive ${objects.length} objects`);
  const inbound = await Promise.all(
    [...inboundKinds(objects, namespace)].map(([place, kinds]) => InboundSides.begin(access, place, kinds, signal)),
  );
  await looking(async () => (await Promise.all(inbound.map((side) => side.haveConverged()))).every(Boolean), {
    ...pace,
    burstMs: Infinity,
    leftMs: () => timeoutMs - elapsed(),
    signal,
    late: async () =>
      notConverged(
        namespace,
        timeoutMs,
        inbound.flatMap((side) => side.lacking()),
      ),
  });
  const givenMs = elapsed();

  const outbound = new OutboundSides(markers(objects, namespace, after), callers, after);
  progress?.(`waiting for the callers of ${namespace} to act on routes`);
  await looking(async () => await outbound.haveConverged(signal), {
    ...pace,
    leftMs: () => timeoutMs - elapsed(),
    signal,
    late: async () => await without(access, { objects, namespace, after, timeoutMs }, outbound.lacking()),
  });
  const actingMs = elapsed();
  return { enforcedMs: actingMs, stages: { given: givenMs, acting: actingMs } };
}

/** When a Service is removed, nothing can answer at its name any more. */
function markers(objects: readonly Manifest[], namespace: string, after: ConvergeOptions['after']): Marker[] {
  const services = objects
    .filter(({ kind }) => kind === 'Service')
    .map(({ metadata }) => `${metadata.name}.${metadata.namespace ?? namespace}`);
  return markersOf(objects, namespace).filter(({ host }) => after === 'applied' || !services.includes(host));
}

interface Looking extends Pace {
  leftMs: () => number;
  signal: AbortSignal | undefined;
  /** The error to throw at the timeout. */
  late: () => Promise<MeshproofError>;
}

/** Polls in bursts until the condition holds. */
async function looking(look: () => Promise<boolean>, { everyMs, burstMs, forgottenMs, leftMs, signal, late }: Looking): Promise<void> {
  const stop = signal === undefined ? {} : { signal };
  for (let burst = performance.now(); ;) {
    signal?.throwIfAborted();
    if (await look()) return;
    if (leftMs() <= 0) throw await late();
    const isOver = performance.now() - burst >= burstMs;
    await delay(Math.min(isOver ? forgottenMs : everyMs, Math.max(0, leftMs())), undefined, stop).catch(() => undefined);
    if (isOver) burst = performance.now();
  }
}

interface Standing {
  objects: readonly Manifest[];
  namespace: string;
  after: ConvergeOptions['after'];
  timeoutMs: number;
}

async function without(
  access: ClusterAccess,
  { objects, namespace, after, timeoutMs }: Standing,
  lacking: readonly string[],
): Promise<MeshproofError> {
  if (after === 'removed') return notConverged(namespace, timeoutMs, lacking);
  const said = await conditionsOf(access, objects, namespace).catch((error: unknown) => [causeOf(error)]);
  const message = `accepted, but without effect for ${timeoutMs / 1_000} s: ${lacking.join('; ')}. Status: ${said.join('; ')}`;
  const hint = "the policy controller's log shows what it could not convert; a ServiceProfile of the same Service would override a route";
  return new MeshproofError('CONFIG_WITHOUT_EFFECT', message, { hint });
}

function notConverged(namespace: string, timeoutMs: number, lacking: readonly string[]): MeshproofError {
  const message = `the proxies of ${namespace} did not converge within ${timeoutMs / 1_000} s: ${lacking.join('; ')}`;
  return new MeshproofError('NOT_CONVERGED', message, { hint: "see the control plane's and the proxies' logs in the diagnostics folder" });
}
