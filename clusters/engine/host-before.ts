import { readFile, writeFile } from 'node:fs/promises';

import { exec } from '../exec.ts';
import { membersOf, readJson, writeWhole } from '../files.ts';
import { hostFirewall } from './firewall.ts';
import { BRIDGES } from './addresses.ts';
import { dockerRules, removalOfEngineRules, type SavedTables } from './firewall-rules.ts';
import { systemPath } from './packages.ts';
import { programsWith } from './process-search.ts';

/** The state of this machine that a private engine changes, before its start. */
interface HostBefore extends HostSettings {
  /**
   * Docker's part of the packet filter for each address family, as left by the system's own Docker, running or stopped, or by the
   * administrator.
   */
  tables: Partial<Record<4 | 6, SavedTables>>;
}

/**
 * Settings that a Docker engine or this module changes. The engine also enables IP forwarding, which stays enabled, because others may rely
 * on it by now.
 */
export interface HostSettings {
  forwardPolicy: string;
  inotifyInstances: string;
}

const INOTIFY_INSTANCES = '/proc/sys/fs/inotify/max_user_instances';
/**
 * Each proxy's agent uses one instance, and they are counted per user across all clusters: with the usual 128, a third cluster's pods hang.
 * kind recommends 512.
 */
const ENOUGH_INOTIFY_INSTANCES = 1024;

/** Records the state of the host, unless an earlier start recorded it, and adapts the settings to the engine's needs. */
export async function prepareHost(file: string): Promise<void> {
  if ((await readJson(file)).found === 'nothing') {
    const firewall = hostFirewall();
    const tables = async (family: 4 | 6) => firewall.saved(family).then(dockerRules, () => undefined);
    const [four, six] = [await tables(4), await tables(6)];
    const before: HostBefore = {
      ...(await settingsNow()),
      tables: { ...(four && { 4: four }), ...(six && { 6: six }) },
    };
    await writeWhole(file, JSON.stringify(before));
  }
  const { inotifyInstances } = await settingsNow();
  await writeFile(INOTIFY_INSTANCES, enough(inotifyInstances)).catch(() => undefined);
}

const enough = (inotifyInstances: string): string => String(Math.max(Number(inotifyInstances), ENOUGH_INOTIFY_INSTANCES));

async function settingsNow(): Promise<HostSettings> {
  const rules = await hostFirewall().run(4, ['-S', 'FORWARD']);
  return {
    forwardPolicy: /^-P FORWARD (\S+)/m.exec(rules)?.[1] ?? 'ACCEPT',
    inotifyInstances: (await readFile(INOTIFY_INSTANCES, 'utf8')).trim(),
  };
}

/**
 * The settings to restore: those that still have the value that an engine sets, and had another one before. Others have changed the rest
 * since.
 */
export function settingsToRestore(before: HostSettings, now: HostSettings): Partial<HostSettings> {
  const { forwardPolicy, inotifyInstances } = before;
  return {
    ...(now.forwardPolicy === 'DROP' && forwardPolicy !== 'DROP' && { forwardPolicy }),
    ...(inotifyInstances !== '' &&
      now.inotifyInstances !== inotifyInstances &&
      now.inotifyInstances === enough(inotifyInstances) && { inotifyInstances }),
  };
}

/**
 * Removes the engine's bridges and rules, and restores the other settings, as far as they are known and no other Docker engine needs them.
 */
export async function restoreHost(file: string, bridges: readonly string[]): Promise<void> {
  const shared = (await programsWith(/^dockerd$/, '')).length > 0;
  // The clusters' network may have been removed before the engine. If no other Docker engine runs, nobody else has a bridge of that name.
  const about = shared ? bridges : [...new Set([...bridges, BRIDGES.nodes])];
  const before = await hostBefore(file);
  const firewall = hostFirewall();
  for (const family of [4, 6] as const) {
    const saved = await firewall.saved(family).catch(() => undefined);
    const calls = saved ? removalOfEngineRules(saved, { bridges: about, shared, before: before?.tables[family] }) : [];
    for (const args of calls) await firewall.run(family, args);
  }
  const ip = { env: { PATH: systemPath() }, timeoutMs: 30_000 };
  for (const bridge of about) await exec('ip', ['link', 'del', bridge], ip).catch(() => '');
  if (shared || before === undefined) return;
  const { forwardPolicy, inotifyInstances } = settingsToRestore(before, await settingsNow());
  if (forwardPolicy !== undefined) await firewall.run(4, ['-P', 'FORWARD', forwardPolicy]);
  if (inotifyInstances !== undefined) await writeFile(INOTIFY_INSTANCES, inotifyInstances);
}

async function hostBefore(file: string): Promise<HostBefore | undefined> {
  const reading = await readJson(file);
  if (reading.found !== 'value') return undefined;
  const { forwardPolicy, inotifyInstances = '', tables = {} } = membersOf(reading.value) as Partial<HostBefore>;
  return forwardPolicy === undefined ? undefined : { forwardPolicy, inotifyInstances, tables };
}
