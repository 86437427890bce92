import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, realpath, rename, rm } from 'node:fs/promises';
import { availableParallelism, release, totalmem } from 'node:os';
import { join } from 'node:path';

import type { ClusterDescription } from '../../clusters/cluster.ts';
import { exclusively } from '../../clusters/engine/exclusive.ts';
import { EXIT, MeshproofError, causeOf } from '../../clusters/errors.ts';
import { writeWhole } from '../../clusters/files.ts';
import { omitUndefined } from '../../clusters/kubernetes/omit-undefined.ts';
import { serverOf } from '../../clusters/kubernetes/identity.ts';
import { makeFolder } from '../../clusters/make-folder.ts';
import { assertWritable } from '../../clusters/writable.ts';
import { SCHEMA_VERSION, type Conformance } from '../../fixtures/contract/conformance.ts';
import { isReport, objectionTo, RUN_FILE } from '../../fixtures/contract/report-folder.ts';
import type { RunDescription, Survey } from '../../fixtures/contract/run.ts';
import { removeConformance, conformanceIn, writeConformance } from '../../reporters/conformance-files.ts';

/** Folders of the report that its verdicts refer to by relative path. */
export const TRACES = ['diagnostics', 'evidence'];
/** The file for the earlier verdicts to compare with while this run writes its own in their place. */
const EARLIER = 'earlier.json';

/** A run's description for the reports. It has timings only if the cluster was created for this run. */
export async function describeRun(
  cluster: ClusterDescription,
  createdForRun: boolean,
  workers: number,
  { shard, survey }: { shard?: string | undefined; survey?: Survey | undefined } = {},
): Promise<RunDescription> {
  return {
    ...started(),
    mesh: cluster.mesh,
    versions: { node: process.versions.node, ...cluster.versions },
    environment: {
      cluster: cluster.name,
      provider: cluster.provider,
      context: cluster.context,
      ...omitUndefined({ server: await serverOf(cluster) }),
      ...machine(),
      workers: String(workers),
      ...(cluster.unpinned === undefined || cluster.unpinned.length === 0 ? {} : { unpinned: cluster.unpinned.join(', ') }),
      ...(shard === undefined ? {} : { shard }),
    },
    timings: createdForRun ? cluster.timings : {},
    ...(survey === undefined ? {} : { survey }),
  };
}

function started(): Pick<RunDescription, 'id' | 'startedAt'> {
  return { id: randomBytes(4).toString('hex'), startedAt: new Date().toISOString() };
}

function machine(): Record<string, string> {
  return {
    platform: `${process.platform} ${process.arch}`,
    kernel: release(),
    cpus: String(availableParallelism()),
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  };
}

/** @throws MeshproofError `REPORT_FOLDER` with exit code 2 if a folder belongs to something else. Changes nothing. */
export function requireReportFolder(folder: string): void {
  const objection = objectionTo(folder);
  if (objection !== undefined) throw notTaken(folder, objection);
}

/**
 * @throws MeshproofError `REPORT_FOLDER` with exit code 2 if a folder belongs to something else, or cannot be created or written. Changes
 * nothing.
 */
export async function requireWritableReport(folder: string): Promise<void> {
  requireReportFolder(folder);
  await assertWritable(folder).catch((error: unknown) => {
    throw notTaken(folder, causeOf(error), error);
  });
}

function notTaken(folder: string, why: string, cause?: unknown): MeshproofError {
  return new MeshproofError('REPORT_FOLDER', `${folder} cannot be used for reports: ${why}`, {
    hint: 'name a folder that is new, empty or contains a report: --report, --into or MESHPROOF_REPORT',
    cause,
    exitCode: EXIT.usage,
  });
}

/**
 * Runs `action` while no other process of this machine does so for the same folder, because a run empties the report folder.
 * @throws MeshproofError `REPORT_IN_USE` with exit code 2 if another process uses it; nothing is changed then
 */
export async function holdReport<T>(folder: string, action: () => Promise<T>): Promise<T> {
  const place = await realpath(folder).catch(() => folder);
  let held = false;
  const holding = async (): Promise<T> => {
    held = true;
    return await action();
  };
  return await exclusively(`reports in ${place}`, holding, {}, { timeoutMs: 0 }).catch((error: unknown) => {
    if (held || !(error instanceof MeshproofError)) throw error;
    // Without a lock, the run's ID in the verdicts still shows whose they are.
    if (error.code === 'LOCK_FAILED') return action();
    if (error.code !== 'TIMED_OUT') throw error;
    throw new MeshproofError('REPORT_IN_USE', `another run is writing its report to ${folder}`, {
      hint: 'give each of the overlapping runs its own folder: --report, --into or MESHPROOF_REPORT',
      cause: error,
      exitCode: EXIT.usage,
    });
  });
}

/**
 * Claims a folder for the reports of a new run: creates it, verifies that it can be written, and removes what an earlier run left there.
 * @param mesh the mesh of the run
 * @param against the earlier report to compare with; if it is in this folder, its verdicts are moved aside
 * @returns where to read the earlier report
 * @throws MeshproofError `REPORT_FOLDER` with exit code 2 if it belongs to something else, or cannot be created or written
 */
export async function claimReport<T extends string | undefined>(folder: string, mesh: string, against: T): Promise<string | T> {
  requireReportFolder(folder);
  try {
    await makeFolder(folder);
    await writeRun(folder, { ...started(), mesh, versions: { node: process.versions.node }, environment: machine(), timings: {} });
    const aside = await putAside(folder, against);
    removeConformance(folder);
    return aside;
  } catch (error) {
    throw notTaken(folder, causeOf(error), error);
  }
}

async function putAside<T extends string | undefined>(folder: string, against: T): Promise<string | T> {
  await rm(join(folder, EARLIER), { force: true });
  if (against === undefined) return against;
  const [earlier, own] = await Promise.all(
    [conformanceIn(against), join(folder, 'conformance.json')].map((file) => realpath(file).catch(() => file)),
  );
  if (own === undefined || earlier !== own) return against;
  await rename(own, join(folder, EARLIER));
  return join(folder, EARLIER);
}

/** Writes run.json into the report folder and returns its path. */
export async function writeRun(folder: string, run: RunDescription): Promise<string> {
  const file = join(folder, RUN_FILE);
  await writeWhole(file, `${JSON.stringify(run, undefined, 2)}\n`);
  return file;
}

/** Removes the files that only this run needed. */
export async function tidyReport(folder: string): Promise<void> {
  await rm(join(folder, EARLIER), { force: true });
}

/**
 * Records in a report folder that a run stopped before its first check, and why; otherwise the verdicts of an earlier run would seem to be
 * this one's. Keeps verdicts that this run has left, and the report of another run in progress.
 * @param claimed whether the run had claimed the folder, so that its content belongs to the run
 */
export async function recordStop(folder: string, error: unknown, claimed: boolean): Promise<void> {
  if (!isReport(folder) || objectionTo(folder) !== undefined) return;
  // Without verdicts there is either nothing to correct, or another run in progress.
  if (existsSync(join(folder, 'conformance.json')) === claimed) return;
  if (claimed) return await writeStop(folder, error, claimed);
  await holdReport(folder, () => writeStop(folder, error, claimed)).catch((inUse: unknown) => {
    if (!(inUse instanceof MeshproofError) || inUse.code !== 'REPORT_IN_USE') throw inUse;
  });
}

async function writeStop(folder: string, error: unknown, claimed: boolean): Promise<void> {
  const run = claimed ? await runIn(folder) : started();
  if (!claimed) removeConformance(folder);
  const code = error instanceof MeshproofError ? `${error.code}: ` : '';
  const stopped: Conformance = {
    schemaVersion: SCHEMA_VERSION,
    run: {
      ...run,
      durationMs: Math.max(0, Date.now() - Date.parse(run.startedAt)),
      versions: { node: process.versions.node },
      environment: machine(),
      errors: [`the run stopped before its first check: ${code}${causeOf(error)}`],
    },
    timings: { engineMs: null, imagesMs: null, clusterMs: null, meshMs: null, rigsMs: null },
    checks: [],
  };
  await writeConformance(folder, stopped);
}

async function runIn(folder: string): Promise<Pick<RunDescription, 'id' | 'startedAt'>> {
  const { id, startedAt }: RunDescription = JSON.parse(await readFile(join(folder, RUN_FILE), 'utf8'));
  return { id, startedAt };
}
