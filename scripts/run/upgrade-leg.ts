import { makeFolder } from '../../clusters/make-folder.ts';
import type { ClusterDescription } from '../../clusters/cluster.ts';
import type { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import type { Leg } from '../../fixtures/watch/upgrade-report.ts';
import type { Stop } from '../../fixtures/watch/upgrade-verdict.ts';
import { Course, stopOf, type CourseOptions } from './upgrade-course.ts';
import { observe, withWatcher, type WatchAbout, type WatchSettings, type WatchTask } from './watch-rig.ts';

export interface LegOptions extends Pick<CourseOptions, 'direction' | 'holdMs' | 'from' | 'to' | 'move'> {
  api: KubernetesApi;
  /** As the mesh is at its beginning. */
  cluster: ClusterDescription;
  watch: Pick<WatchSettings, 'budget' | 'rate' | 'report'>;
}

/** A way that was taken, with what the mesh's own tool reported beforehand, and why it was not completed. */
export interface TakenLeg extends Leg {
  findings: readonly string[];
  stopped: Stop | undefined;
  about: WatchAbout;
}

/**
 * Goes a way while the first rig of the cluster is watched, and writes the report of the watch. A way that is stopped is returned too.
 * @throws MeshproofError `WATCH_UNFIT` if the mesh cannot be watched before the first step
 */
export async function takeLeg({ api, cluster, watch, ...way }: LegOptions, { signal, progress, leases }: WatchTask): Promise<TakenLeg> {
  await makeFolder(watch.report);
  return await withWatcher(cluster, watch, { signal, progress, leases }, async (watcher, about) => {
    const [over, failed] = [new AbortController(), new AbortController()];
    const place = { api, rig: cluster.rigs[0] ?? '', mark: (step: string) => watcher.mark(step) };
    const course = new Course({ ...place, ...way }, { signal: AbortSignal.any([signal, failed.signal]), progress: progress.say });
    watcher.begin();
    const watching = observe(watcher, about, watch, { signal: AbortSignal.any([signal, over.signal]), progress, leases });
    const [stopped] = await Promise.all([
      course
        .run()
        .then(
          () => undefined,
          (error: unknown) => stopOf(error, course.steps.at(-1)?.name, signal),
        )
        .finally(() => over.abort()),
      watching.catch((error: unknown) => {
        failed.abort(error);
        throw error;
      }),
    ]);
    const { steps, findings, broken } = course;
    return { steps, findings, broken, stopped, about, seen: watcher.seen(), parts: watcher.parts() };
  });
}
