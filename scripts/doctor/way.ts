import { stat } from 'node:fs/promises';

import { causeOf } from '../../clusters/errors.ts';
import { possibleNodes, type NodeImage } from '../../clusters/images/ensure.ts';
import { archivesByTag, isFolder } from '../../clusters/images/folder.ts';
import type { Image } from '../../clusters/images/image.ts';
import { obstacleToBuilding } from '../../clusters/images/node-built.ts';
import { publishedImages, unpinnedImages } from '../../clusters/images/node-pulled.ts';
import type { ImageSource } from '../../clusters/images/registry.ts';
import { KIND } from '../../clusters/images/tools.ts';
import { meshModule, type Mesh } from '../../clusters/meshes.ts';
import { answeringEngines, hasImage, type EngineInfo } from './engine-info.ts';
import { answerOf, reasonOf } from './answer.ts';
import { inTime, judge, type Finding } from './finding.ts';
import { downloadFinding } from './tools.ts';

const PATIENCE_MS = 1_300;
const DOCKER_IO = 'https://registry-1.docker.io';
const about = { category: 'images', check: 'the images of a cluster are available' };

/** What decides how a cluster gets its images. */
export interface Circumstances {
  from: string;
  /** The node image, if the engine already has it. */
  ready?: string | undefined;
  /** The registry, and why it does not answer; undefined if none was queried. */
  registry?: { address: string; failure?: string | undefined } | undefined;
  /** Why this machine cannot build images. */
  obstacle?: string | undefined;
  /** Why a folder of archives is not sufficient, as a clause. */
  unfit?: string | undefined;
}

const MIRROR_HINT =
  'check the network and the proxies; --registry names a mirror, --images=FOLDER archives that npx meshproof images save wrote elsewhere';

/** Where a run would get its images, and what is missing for that. */
export function wayFinding({ from, ready, registry, obstacle, unfit }: Circumstances): Finding {
  if (from === 'build') return building('they will be built from packages', obstacle);
  if (from !== 'auto' && from !== 'pull') {
    const seen = `they will be loaded from ${from}${unfit === undefined ? '' : `, but ${unfit}`}`;
    return judge({ ...about, seen }, unfit === undefined, 'failed', 'write the folder with npx meshproof images save');
  }
  if (ready !== undefined && from === 'auto') return { ...about, status: 'ok', seen: `the engine has them: ${ready}` };
  if (registry === undefined) return { ...about, status: 'ok', seen: 'not checked: whether they will be pulled depends on the network' };
  const { address, failure } = registry;
  if (failure === undefined) return { ...about, status: 'ok', seen: `they will be pulled from ${address}` };
  const silent = `${address} does not answer as a registry (${failure})`;
  if (from === 'auto')
    return building(`${silent}, so they will be built from packages`, obstacle === undefined ? undefined : `${silent}, and ${obstacle}`);
  return judge({ ...about, seen: silent }, false, 'failed', MIRROR_HINT);
}

function building(seen: string, obstacle: string | undefined): Finding {
  const hint = 'run as root on Debian or Ubuntu, or on a machine whose engine reaches an image registry; --images=FOLDER takes archives';
  return judge({ ...about, seen: obstacle ?? `${seen}: about 20 minutes with 2 CPUs, once` }, obstacle === undefined, 'failed', hint);
}

/** Where the images of a kind cluster will come from, and whether downloads are pinned. Fetches nothing. */
export async function wayFindings({ mesh, network }: { mesh: Mesh; network: boolean }, source: ImageSource): Promise<Finding[]> {
  const { from } = source;
  const module = await meshModule(mesh);
  const images = module.images();
  const nodes = await possibleNodes(images);
  // Set only now, because the time limit is meant for engines and registries.
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const [engine] = await answeringEngines(signal);
  const pulls = from === 'auto' || from === 'pull';
  const asked = pulls && network ? addressOf(source, engine?.info) : undefined;
  const [ready, failure, obstacle, unfit] = await Promise.all([
    pulls && engine !== undefined ? readyIn(engine.at, nodes, signal) : undefined,
    asked === undefined ? undefined : registryFailure(asked, signal),
    obstacleToBuilding(),
    pulls || from === 'build' ? undefined : unfitness(from, publishedImages(images)),
  ]);
  const registry = asked === undefined ? undefined : { address: asked, failure };
  const way = wayFinding({ from, ready: ready?.tag, registry, obstacle, unfit });
  // Which mesh a folder contains is unknown here. Programs for images that are built are built too.
  if (isFolder(from)) return [way, await downloadFinding([KIND, module.tool()])];
  if (!pulls || failure !== undefined || ready?.pulled === false) return [way];
  const release = images[0]?.upstream?.replace(/^.*:/, '');
  return [way, await pinFinding(images), await downloadFinding([KIND, module.tool(undefined, release)])];
}

async function readyIn(host: string, nodes: readonly NodeImage[], signal: AbortSignal): Promise<NodeImage | undefined> {
  for (const node of nodes) if (await hasImage(host, node.tag, signal)) return node;
  return undefined;
}

function addressOf({ registry }: ImageSource, info: EngineInfo | undefined): string {
  if (registry !== undefined) return `https://${registry.split('/')[0]}`;
  return info?.RegistryConfig?.Mirrors?.[0]?.replace(/\/$/, '') ?? DOCKER_IO;
}

/**
 * Why a registry does not answer; undefined if it does. Nearly any response counts, because most registries require authentication. So does
 * a certificate authority that only the engine may trust, and a registry without TLS, which the engine may be allowed to use.
 */
export async function registryFailure(address: string, signal: AbortSignal): Promise<string | undefined> {
  const asked = answerOf(new URL(`${address}/v2/`), { signal }).then(
    ({ status, headers }) => {
      if (status >= 500) return `HTTP ${status}`;
      return status === 200 && headers['content-type']?.includes('html') === true ? 'a web page, not a registry' : undefined;
    },
    (error: unknown) => {
      const failure = reasonOf(error);
      return /CERT|SIGNATURE|SELF_SIGNED|ISSUER|ERR_SSL|EPROTO/.test(failure) ? undefined : failure;
    },
  );
  return signal.aborted
    ? 'no answer'
    : await inTime(
        asked.then((failure) => ({ failure })),
        signal,
      ).then((answer) => (answer === undefined ? 'no answer' : answer.failure));
}

/** Why a folder cannot provide the images for a cluster; undefined if it can. */
async function unfitness(folder: string, published: readonly string[]): Promise<string | undefined> {
  if (!(await stat(folder).catch(() => undefined))?.isDirectory()) return 'there is no such folder';
  const tags = await archivesByTag(folder, {}).then(
    (found) => [...found.keys()],
    (error: unknown) => causeOf(error),
  );
  if (typeof tags === 'string') return tags;
  if (tags.some((tag) => tag.includes('meshproof/node:'))) return undefined;
  const repositories = published.map((name) => name.replace(/^[^/]+\/|:[^:]*$/g, ''));
  const missing = repositories.filter(
    (path) => !tags.some((tag) => tag.includes(`${path}:`) || (path === 'kindest/node' && tag.includes('meshproof/node-base:'))),
  );
  return missing.length === 0 ? undefined : `it lacks ${missing.join(', ')}`;
}

async function pinFinding(images: readonly Image[]): Promise<Finding> {
  const unpinned = await unpinnedImages(images);
  const seen =
    unpinned.length === 0 ? 'each by its digest' : `by their tags alone: ${unpinned.join(', ')}; npx meshproof images lock pins them`;
  return { category: 'images', check: 'pulled images are pinned', status: 'ok', seen };
}
