import { causeOf, MeshproofError } from '../errors.ts';
import { membersOf } from '../files.ts';
import type { TaskContext } from '../task-context.ts';
import type { Docker } from './node-image.ts';
import { referenceOf } from './reference.ts';
import { mirrored } from './registry.ts';
import { repeatedly, type Patience } from '../repeatedly.ts';

/** Error messages of engines that cannot pull, what they mean, and what to do. The first match counts. */
const FAILURES: readonly { words: RegExp; means: string; hint: string; again: boolean; unreached?: true; absent?: true }[] = [
  {
    words: /toomanyrequests|too many requests|\b429\b|rate limit/i,
    means: 'the registry has reached its rate limit for pulls',
    hint: 'docker login raises the limit of some registries; --registry selects a mirror',
    again: true,
  },
  {
    words: /unauthorized|authentication required|no basic auth|access .*denied|denied:|\b401\b|\b403\b/i,
    means: 'the registry requires credentials, or these do not permit the pull',
    hint: 'run docker login as the user who runs meshproof',
    again: false,
  },
  {
    words: /manifest unknown|manifest for .* not found|name unknown|no matching manifest|\b404\b/i,
    means: 'the registry has no such image for this platform',
    hint: '--registry selects another registry, --images=FOLDER a folder of archives',
    again: false,
    absent: true,
  },
  {
    words: /server gave HTTP response to HTTPS client/i,
    means: 'the registry uses plain HTTP, and the engine expects TLS',
    hint: "use a registry with TLS, or add this one to insecure-registries in /etc/docker/daemon.json on the engine's machine",
    again: false,
  },
  {
    words: /invalid character '<'|text\/html/i,
    means: 'the response is a web page, not that of a registry',
    hint: 'check the address in --registry, and whether a proxy or a login page responds instead',
    again: false,
  },
  {
    words: /x509|certificate/i,
    means: "the engine does not trust the registry's certificate",
    hint: "install the CA certificate as /etc/docker/certs.d/HOST:PORT/ca.crt on the engine's machine",
    again: false,
  },
  {
    words: /no space left/i,
    means: "the engine's disk is full",
    hint: 'docker system prune removes unused data',
    again: false,
  },
  {
    words:
      /no such host|connection refused|network is unreachable|no route to host|i\/o timeout|dial tcp|awaiting headers|proxyconnect|TLS handshake/i,
    means: 'the registry cannot be reached',
    hint: "check the engine's network and proxy; --registry selects a mirror",
    again: true,
    unreached: true,
  },
];

const ELSEWHERE = '--registry selects a mirror, --images=FOLDER a folder of archives';

export interface PullOptions {
  /** See `mirrored`. */
  registry?: string | undefined;
  /** Whether to give up at once if the registry cannot be reached; its temporary errors are retried nevertheless. */
  hurried?: boolean;
  patience?: Patience;
  /** The name of the image whose locked digest is pulled. */
  pinned?: string;
}

/**
 * Pulls an image from its registry or a mirror, with the digest in the lock if there is one. Temporary failures are retried a few times.
 * @returns the name by which the engine knows it
 * @throws MeshproofError `PULL_FAILED` with the registry's message, and what to do
 */
export async function pullImage(engine: Docker, name: string, options: PullOptions, task: TaskContext): Promise<string> {
  const reference = await referenceOf(name, options.registry);
  await pull(engine, ['-q', reference], reference.includes('@') ? { ...options, pinned: name } : options, task);
  return reference;
}

/**
 * The current digest of an image at its registry or a mirror, whatever the lock contains: `sha256:…`. Only Docker's plug-in buildx can ask
 * for it; without its answer the image is pulled, and removed again unless the engine had it. Throws like `pullImage`.
 */
export async function publishedDigest(engine: Docker, name: string, options: PullOptions, task: TaskContext): Promise<string> {
  const published = mirrored(name, options.registry);
  const asked = await askedDigest(engine, published, task);
  if (asked !== undefined) return asked;
  const [before, ids] = [await idOf(engine, published), await engine.docker(['image', 'ls', '--all', '--no-trunc', '--quiet'], task)];
  // An engine may know several digests of an image, e.g. an earlier one of the same content; only the answer to this pull is current.
  const answer = await pull(engine, [published], options, task);
  await restore(engine, published, { before, ids: new Set(ids.split('\n')) });
  const digest = /^Digest: (sha256:[0-9a-f]{64})\s*$/m.exec(answer)?.[1];
  if (digest !== undefined) return digest;
  throw new MeshproofError('PULL_FAILED', `the engine pulled ${published}, but printed no digest: ${answer}`);
}

/** After this time, a registry that buildx asks counts as unreachable. */
const BUILDX_MS = 30_000;

/** The digest according to buildx; undefined without an answer, because the engine may reach and trust registries that buildx does not. */
async function askedDigest(engine: Docker, published: string, task: TaskContext): Promise<string | undefined> {
  task.progress?.(`asking for the digest of ${published}`);
  const signal = AbortSignal.any([AbortSignal.timeout(BUILDX_MS), ...(task.signal === undefined ? [] : [task.signal])]);
  const asked = engine.docker(['buildx', 'imagetools', 'inspect', '--format', '{{json .Manifest}}', published], { ...task, signal });
  const answer = await asked.catch(() => undefined);
  task.signal?.throwIfAborted();
  const { digest } = membersOf(parsed(answer));
  return typeof digest === 'string' && digest.startsWith('sha256:') ? digest : undefined;
}

function parsed(text = ''): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The engine's ID of an image; undefined if it has none of that name. */
const idOf = (engine: Docker, name: string): Promise<string | undefined> =>
  engine.docker(['image', 'inspect', '--format', '{{.Id}}', name]).catch(() => undefined);

/** What an engine had before a pull: the image of that name, if any, and the IDs of all images. */
interface Had {
  before: string | undefined;
  ids: ReadonlySet<string>;
}

/** Undoes a pull: tags belong to the engine's owner, and an image without a tag would stay unseen. */
async function restore(engine: Docker, name: string, { before, ids }: Had): Promise<void> {
  const pulled = await idOf(engine, name);
  if (pulled === undefined || pulled === before) return;
  if (before !== undefined) await engine.docker(['tag', before, name]);
  if (!ids.has(pulled)) await engine.docker(['image', 'rm', before === undefined ? name : pulled]);
}

/** @param args of `docker pull`; the last one is the image @returns what the engine printed */
async function pull(engine: Docker, args: readonly string[], options: PullOptions, task: TaskContext): Promise<string> {
  const reference = args.at(-1);
  const { hurried = false, patience, pinned } = options;
  task.progress?.(`pulling ${reference}`);
  try {
    return await repeatedly(
      () => engine.docker(['pull', ...args], task),
      (error) => isWorthAgain(error, hurried),
      task,
      patience,
    );
  } catch (error) {
    if (!isPullFailure(error)) throw error;
    const known = FAILURES.find(({ words }) => words.test(wordsOf(error)));
    const why = known === undefined ? wordsOf(error) : `${known.means} (${wordsOf(error)})`;
    throw new MeshproofError('PULL_FAILED', `${reference} could not be pulled: ${why}`, {
      hint: `${known?.hint ?? ELSEWHERE}${known?.absent === true && pinned !== undefined ? `; clusters/images/lock.json holds ${pinned} to this digest` : ''}`,
      cause: error,
    });
  }
}

const isPullFailure = (error: unknown): error is MeshproofError => error instanceof MeshproofError && error.code === 'COMMAND_FAILED';

function isWorthAgain(error: unknown, hurried: boolean): boolean {
  if (!isPullFailure(error)) return false;
  const { again, unreached = false } = FAILURES.find(({ words }) => words.test(wordsOf(error))) ?? { again: true };
  return again && !(hurried && unreached);
}

/** The last line of the engine's message, without its prefix. */
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
