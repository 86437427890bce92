import type { Leftover } from '../../clusters/engine/leftover.ts';
import { leftovers as engineLeftovers } from '../../clusters/engine/leftovers.ts';
import { idlePrivateEngine } from '../../clusters/engine/private-engine-state.ts';
import { stopPrivateEngine } from '../../clusters/engine/private-engine.ts';
import { causeOf } from '../../clusters/errors.ts';
import { leftovers as folderLeftovers } from '../../clusters/work-folder.ts';
import { leftovers as kindLeftovers } from '../../clusters/kind/leftovers.ts';
import { down } from '../../clusters/lifecycle.ts';
import { clusters, clusterNames } from '../../clusters/registry/description.ts';
import { isInUse, vacateDead } from '../../clusters/registry/occupancy.ts';
import { ownerOf, userOf } from '../../clusters/registry/owner.ts';
import { requireAllBack } from '../../clusters/rigs/ownership.ts';
import { recoverIdle, unfinishedRigs } from '../../clusters/rigs/recover.ts';
import type { Find } from './find.ts';

export const ofKind: Find = async (options, task) => kindLeftovers(options, task);

export const ofFolders: Find = async (options) => folderLeftovers(options);

export const ofEngine: Find = async (options, task) => engineLeftovers(options, task);

/** What killed runs left in existing clusters. */
export const ofExisting: Find = async ({ spare }, task) => {
  const left: Leftover[] = [];
  for (const { name, provider, context } of await clusters()) {
    if (provider !== 'existing') continue;
    const what = `${name} in context ${context}`;
    const owner = await ownerOf(name);
    if (owner === 'dead') left.push({ what, remove: () => down(name, task) });
    if (owner === 'unknown') spare(what, 'its owner record is unreadable, or belongs to another machine or container');
  }
  return left;
};

/** What killed runs left on the rigs of kept clusters. */
export const ofChecks: Find = async ({ spare }, task) => {
  const left: Leftover[] = [];
  for (const cluster of await clusters()) {
    if ((await ownerOf(cluster.name)) !== 'none' || (await isInUse(cluster.name))) continue;
    if ((await userOf(cluster.name)) === 'dead')
      left.push({ what: `the record of a killed run on ${cluster.name}`, remove: () => vacateDead(cluster.name) });
    const rigs = await unfinishedRigs(cluster, task).catch((error: unknown) => {
      spare(`possible leftovers of checks on ${cluster.name}`, causeOf(error));
      return [];
    });
    if (rigs.length === 0) continue;
    const remove = async () => requireAllBack(await recoverIdle({ ...cluster, rigs }, task));
    left.push({ what: `leftovers of a check on ${rigs.join(', ')}`, remove });
  }
  return left;
};

/** The private engine, if no cluster needs it. */
export const privateEngine: Find = async () => {
  const host = await idlePrivateEngine();
  if (host === undefined || (await clusterNames()).length > 0) return [];
  return [
    {
      what: `the private Docker engine at ${host}`,
      remove: async () => void (await stopPrivateEngine()),
    },
  ];
};
