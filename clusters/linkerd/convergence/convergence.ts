import { setTimeout as delay } from 'node:timers/promises';

import { causeOf, MeshproofError } from '../../errors.ts';
import type { Manifest } from '../../kubernetes/manifest.ts';
import type { ClusterAccess } from '../../mesh/access.ts';
import type { ConvergeOptions, Enforcement } from '../../mesh/adapter.ts';
import { InboundSides } from './inbound.ts';
import { markersOf, type Marker } from './marks.ts';
import { conditionsOf, OutboundSides } from './outbound.ts';
import { inboundKinds } from './sentinel.ts';

/** How convergence looks. Times are milliseconds. */
export interface Pace {
  everyMs: number;
  /** For how long it asks in quick succession before it lets the proxies forget. */
  burstMs: number;
  /** A proxy forgets what it has discovered of a service that nobody asks for during this time (`LINKERD2_PROXY_OUTBOUND_DISCOVERY_IDLE_TIMEOUT`, 5 s). */
  forgottenMs: number;
}

const PACE: Pace = { everyMs: 30, burstMs: 1_500, forgottenMs: 5_600 };
const TIMEOUT_MS = 30_000;

/**
 * Returns when the proxies act on what was applied, or no longer act on what was removed.
 *
 * Conditions in an object's status say that the control plane has taken it, and nothing of the proxies; a route with a filter that the control plane
 * cannot convert is accepted and left out. So effects are looked at, with requests that are not the measurement:
 * 1. The inbound side: sentinels of the same kinds, placed later, for a port of each pod that nobody uses. The control plane hears of a kind in order,
 *    and each proxy logs the policy that it is given (`InboundSides`). A policy acts on the next request, on kept connections too.
 * 2. Callers' proxies: each route and each profile has a rule of its own for a path never used before (`marked`); every caller of the rig asks for it
 *    until its proxy answers by that rule, and after a removal until it does not any more.
 * A profile begins, and ends, to count only at a discovery, and a service that is asked for is never discovered anew: between two bursts nobody asks
 * until the proxies have forgotten.
 *
 * Between the sentinel's port and another port of the same pod lies no more than the control plane's writing to two streams of one connection,
 * while a sentinel takes a write to etcd and a watch event after what it follows. Nothing lets the first be observed.
 * @throws MeshproofError with code `CONFIG_WITHOUT_EFFECT` (time is up, and a route or a profile that stands does not act), `NOT_CONVERGED` (says who lacks
 * what), `CONVERGENCE_UNSEEN`, or the signal's reason
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

/** What a Service is called by goes with it: nobody is there to answer then. */
function markers(objects: readonly Manifest[], namespace: string, after: ConvergeOptions['after']): Marker[] {
  const services = objects
    .filter(({ kind }) => kind === 'Service')
    .map(({ metadata }) => `${metadata.name}.${metadata.namespace ?? namespace}`);
  return markersOf(objects, namespace).filter(({ host }) => after === 'applied' || !services.includes(host));
}

interface Looking extends Pace {
  leftMs: () => number;
  signal: AbortSignal | undefined;
  /** What is thrown when time is up. */
  late: () => Promise<MeshproofError>;
}

/** Looks in bursts until it is so. */
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
