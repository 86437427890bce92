import { causeOf, MeshproofError } from '../errors.ts';
import type { TaskContext } from '../task-context.ts';
import { lock } from './lock.ts';
import type { Docker } from './node-image.ts';
import { mirrored, shortName } from './registry.ts';
import { repeatedly, type Patience } from '../repeatedly.ts';

/** What engines say when they cannot pull, what that means, and what to do. The first that fits counts. */
const FAILURES: readonly { words: RegExp; means: string; hint: string; again: boolean; unreached?: boolean }[] = [
  {
    words: /toomanyrequests|too many requests|\b429\b|rate limit/i,
    means: 'its registry allows no more pulls for now',
    hint: 'docker login raises the limit of some registries, and --registry names a mirror',
    again: true,
  },
  {
    words: /unauthorized|authentication required|no basic auth|access .*denied|denied:|\b401\b|\b403\b/i,
    means: 'its registry asks for credentials, or does not let these pull it',
    hint: 'docker login, as the user who runs meshproof',
    again: false,
  },
  {
    words: /manifest unknown|manifest for .* not found|name unknown|no matching manifest|\b404\b/i,
    means: 'its registry has no such image for this machine',
    hint: '--registry names another registry, --images=FOLDER a folder of archives',
    again: false,
  },
  {
    words: /x509|certificate/i,
    means: 'the engine does not trust its registry',
    hint: 'put the certificate of its authority into /etc/docker/certs.d/HOST:PORT/ca.crt on the machine of the engine',
    again: false,
  },
  {
    words: /no space left/i,
    means: 'the disk of the engine is full',
    hint: 'docker system prune removes unused data',
    again: false,
  },
  {
    words:
      /no such host|connection refused|network is unreachable|no route to host|i\/o timeout|dial tcp|awaiting headers|proxyconnect|TLS handshake/i,
    means: 'its registry cannot be reached',
    hint: 'check the network and the proxy of the engine; --registry names a mirror',
    again: true,
    unreached: true,
  },
];

export interface PullOptions {
  /** See `mirrored`. */
  registry?: string | undefined;
  /** Whether a registry that cannot be reached is given up at once; one that stumbles is asked again all the same. */
  hurried?: boolean;
  patience?: Patience;
}

/**
 * Sees to it that the engine has an image as its registry publishes it, or a mirror, and that it is the one that the lock names. What a registry
 * cannot give now is asked for again, a few times.
 * @returns by which name the engine has it
 * @throws MeshproofError `PULL_FAILED` with what the registry said, and what to do
 */
export async function pullImage(engine: Docker, name: string, options: PullOptions, task: TaskContext): Promise<string> {
  const digest = (await lock()).images[name];
  const published = mirrored(name, options.registry);
  return await pull(engine, digest === undefined ? published : `${repositoryOf(published)}@${digest}`, options, task);
}

/** The digest that the registry of an image, or a mirror, gives for it now, whatever the lock says: `sha256:…`. Throws as `pullImage`. */
export async function publishedDigest(engine: Docker, name: string, options: PullOptions, task: TaskContext): Promise<string> {
  const published = await pull(engine, mirrored(name, options.registry), options, task);
  const answer = await engine.docker(['image', 'inspect', '--format', '{{json .RepoDigests}}', published], task);
  const digests = JSON.parse(answer) as string[];
  const short = shortName(repositoryOf(published));
  const found = digests.find((one) => one.startsWith(`${short}@`)) ?? '';
  if (found !== '') return found.slice(short.length + 1);
  throw new MeshproofError('PULL_FAILED', `the engine knows no digest of ${published}: ${answer}`);
}

const repositoryOf = (reference: string): string => reference.replace(/:[^/:]*$/, '');

async function pull(engine: Docker, reference: string, { hurried = false, patience }: PullOptions, task: TaskContext): Promise<string> {
  task.progress?.(`pulling ${reference}`);
  try {
    await repeatedly(
      () => engine.docker(['pull', '-q', reference], task),
      (error) => isWorthAgain(error, hurried),
      task,
      patience,
    );
  } catch (error) {
    if (!isPullFailure(error)) throw error;
    const known = FAILURES.find(({ words }) => words.test(wordsOf(error)));
    const why = known === undefined ? wordsOf(error) : `${known.means} (${wordsOf(error)})`;
    throw new MeshproofError('PULL_FAILED', `${reference} could not be pulled: ${why}`, {
      hint: known?.hint ?? '--registry names a mirror, --images=FOLDER a folder of archives',
      cause: error,
    });
  }
  return reference;
}

const isPullFailure = (error: unknown): error is MeshproofError => error instanceof MeshproofError && error.code === 'COMMAND_FAILED';

function isWorthAgain(error: unknown, hurried: boolean): boolean {
  if (!isPullFailure(error)) return false;
  const { again, unreached = false } = FAILURES.find(({ words }) => words.test(wordsOf(error))) ?? { again: true };
  return again && !(hurried && unreached);
}

/** The engine's last line. */
function wordsOf(error: MeshproofError): string {
  const line =
    causeOf(error)
      .trim()
      .split('\n')
      .findLast((text) => text.trim() !== '') ?? '';
  return line
    .replace(/^docker .* ended with \w+: /, '')
    .replace(/^.*?(?:Error response from daemon|error pulling image configuration|error): /i, '');
}
