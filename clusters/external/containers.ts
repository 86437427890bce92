import { randomBytes } from 'node:crypto';

import type { StartedTestContainer } from 'testcontainers';

import { causeOf, MeshproofError } from '../errors.ts';
import { requireExternalImage } from './images.ts';
import type { ExternalImageName } from '../images/recipes/external.ts';
import type { TaskContext } from '../task-context.ts';
import { NETWORK } from '../engine/addresses.ts';
import { OWNER_LABEL, ownerValue } from '../engine/containers.ts';
import type { Engine } from '../engine/engine.ts';
import { once } from '../once.ts';

/** Label with the cluster that a container belongs to, and with which it is removed. */
const CLUSTER_LABEL = 'meshproof.cluster';
const START_MS = 60_000;

export interface ExternalContainerOptions {
  image: ExternalImageName;
  /** The name of the cluster whose network it joins. */
  cluster: string;
  entrypoint: readonly string[];
  user?: string;
  environment?: Record<string, string>;
  /** Path in the container → text. */
  files?: Record<string, string>;
  /** It is ready once it has logged this, the given number of times. */
  ready: { says: RegExp; times?: number };
}

/** A container on the network of the clusters' nodes. */
export interface ExternalContainer {
  /** Its IPv4 address, which pods can reach. */
  readonly address: string;
  /** Its standard output. */
  logs(): Promise<string>;
  /** Stops and removes it without a grace period, because it contains nothing to keep. */
  stop(): Promise<void>;
}

/**
 * Starts an external service of a cluster. It belongs to this process: `sweep` removes it once the process has ended, and `down` removes it
 * with the cluster. None of its ports is opened on this machine.
 * @throws MeshproofError `IMAGE_UNAVAILABLE`, or `EXTERNAL_SERVICE_FAILED` if it does not become ready
 */
export async function startExternalContainer(engine: Engine, options: ExternalContainerOptions): Promise<ExternalContainer> {
  const image = await requireExternalImage(options.image, engine);
  const { GenericContainer, Wait } = await library(engine);
  const name = `meshproof-external-${options.image}-${randomBytes(3).toString('hex')}`;
  const { says, times = 1 } = options.ready;
  // The library removes a container that does not become ready, including its logs.
  let said = '';
  const described = new GenericContainer(image)
    .withName(name)
    .withLabels({ [OWNER_LABEL]: await ownerValue(), [CLUSTER_LABEL]: options.cluster })
    .withNetworkMode(NETWORK)
    .withTmpFs({ '/tmp': 'mode=1777' })
    .withEnvironment(options.environment ?? {})
    .withEntrypoint([...options.entrypoint])
    .withCopyContentToContainer(Object.entries(options.files ?? {}).map(([target, content]) => ({ target, content, mode: 0o644 })))
    .withWaitStrategy(Wait.forLogMessage(says, times))
    .withLogConsumer((log) => log.on('data', (line) => (said += String(line))))
    .withStartupTimeout(START_MS);
  if (options.user !== undefined) described.withUser(options.user);
  let started: StartedTestContainer;
  try {
    started = await described.start();
  } catch (cause) {
    await engine.docker(['rm', '--force', '--volumes', name]).catch(() => '');
    throw new MeshproofError('EXTERNAL_SERVICE_FAILED', `${name} did not become ready: ${causeOf(cause)}\n${said.slice(-2_000)}`.trim(), {
      cause,
    });
  }
  return {
    address: started.getIpAddress(NETWORK),
    logs: () => engine.docker(['logs', name]),
    stop: async () => void (await started.stop({ timeout: 0, remove: true, removeVolumes: true })),
  };
}

/** Removes the external services of a cluster, whoever started them. */
export async function removeExternalContainers(cluster: string, engine: Engine, task: TaskContext = {}): Promise<void> {
  const ids = await engine.docker(['ps', '--all', '--quiet', '--filter', `label=${CLUSTER_LABEL}=${cluster}`], task);
  const containers = ids.split('\n').filter(Boolean);
  if (containers.length > 0) await engine.docker(['rm', '--force', '--volumes', ...containers], task);
}

/**
 * The library reads the engine from the environment once per process, when it first connects; nothing else may find it there. Its reaper
 * needs an image that is not available everywhere.
 */
const library = once(async (engine: Engine): Promise<typeof import('testcontainers')> => {
  const { DOCKER_HOST: before } = process.env;
  Object.assign(process.env, { DOCKER_HOST: engine.host, TESTCONTAINERS_RYUK_DISABLED: 'true' });
  try {
    const testcontainers = await import('testcontainers');
    await testcontainers.getContainerRuntimeClient();
    return testcontainers;
  } finally {
    if (before === undefined) delete process.env['DOCKER_HOST'];
    else process.env['DOCKER_HOST'] = before;
  }
});
