import { MeshproofError } from '../errors.ts';
import { omitUndefined } from './omit-undefined.ts';
import type { UserFields } from './kubeconfig.ts';

/** What a plug-in hands over, for as long as it says. */
interface Credential {
  token?: string;
  clientCertificateData?: string;
  clientKeyData?: string;
  expirationTimestamp?: string;
}

export type PluginFields = NonNullable<UserFields['exec']>;

/** A person may have to log in in a browser meanwhile. */
const PATIENCE_MS = 60_000;
const MOST_SAID = 1_000;

/** A program that a kubeconfig names to be asked for credentials. The Kubernetes client's own way of asking has no time limit, and leaves the program running. */
export class CredentialPlugin {
  readonly #fields: PluginFields;
  readonly #environment: Record<string, string>;
  readonly #patienceMs: number;
  #kept: Credential | undefined;

  /** @param told what it learns from its environment besides what the kubeconfig says */
  constructor(fields: PluginFields, told: Record<string, string>, patienceMs = PATIENCE_MS) {
    this.#fields = fields;
    this.#environment = { ...Object.fromEntries((fields.env ?? []).map(({ name, value }) => [name, value])), ...told };
    this.#patienceMs = patienceMs;
  }

  /**
   * What it said last, where that is still valid, else what it says now. It is asked to end when the signal aborts, and has 60 s.
   * @throws MeshproofError with code `CREDENTIAL_PLUGIN`, which quotes nothing that it printed on stdout, or the signal's reason
   */
  async credential(signal?: AbortSignal): Promise<Credential> {
    const { expirationTimestamp } = this.#kept ?? {};
    const valid = expirationTimestamp === undefined || Date.parse(expirationTimestamp) > Date.now();
    if (this.#kept === undefined || !valid) this.#kept = this.#credentialIn(await this.#ask(signal));
    return this.#kept;
  }

  async #ask(signal: AbortSignal | undefined): Promise<string> {
    const { command = '', args } = this.#fields;
    const { execa } = await import('execa');
    signal?.throwIfAborted();
    const limit = AbortSignal.any([AbortSignal.timeout(this.#patienceMs), ...(signal === undefined ? [] : [signal])]);
    // A group of its own, so that what it starts ends with it.
    const running = execa(command, args ?? [], { env: this.#environment, stdin: 'ignore', detached: true, reject: false });
    const release = endWith(running.pid, limit);
    const { failed, exitCode, signal: killed, code, durationMs, stdout, stderr } = await running.finally(release);
    // A time limit of whoever asks is no answer to what was waited for.
    if (!isTimeout(signal?.reason)) signal?.throwIfAborted();
    if (limit.aborted)
      throw this.#failure(`did not answer within ${Math.round(durationMs / 1_000)} s`, 'run it by hand to see what it is waiting for');
    if (code === 'ENOENT') throw this.#failure('was not found');
    if (failed) throw this.#failure(`ended with ${exitCode ?? killed ?? code}: ${stderr.trim().slice(-MOST_SAID) || 'no error output'}`);
    return stdout;
  }

  #credentialIn(text: string): Credential {
    const status = statusIn(text);
    const isComplete = status?.token !== undefined || (status?.clientCertificateData !== undefined && status.clientKeyData !== undefined);
    if (status === undefined || !isComplete) throw this.#failure('printed no ExecCredential with a token or a certificate and its key');
    return status;
  }

  #failure(what: string, hint = this.#fields.installHint): MeshproofError {
    return new MeshproofError('CREDENTIAL_PLUGIN', `the credential plug-in ${this.#fields.command} ${what}`, omitUndefined({ hint }));
  }
}

/** Ends a process group when the signal aborts or this process ends. @returns what puts an end to that */
function endWith(pid: number | undefined, limit: AbortSignal): () => void {
  const end = (): void => {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  };
  const interrupted = (name: NodeJS.Signals): void => {
    end();
    // Where nobody else listens the signal would have ended this process.
    if (process.listenerCount(name) === 0) process.kill(process.pid, name);
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  limit.addEventListener('abort', end, { once: true });
  process.once('exit', end);
  for (const name of names) process.once(name, interrupted);
  return () => {
    limit.removeEventListener('abort', end);
    process.off('exit', end);
    for (const name of names) process.off(name, interrupted);
  };
}

function statusIn(text: string): Credential | undefined {
  try {
    const answer = JSON.parse(text) as { status?: Credential | null } | null;
    return answer?.status ?? undefined;
  } catch {
    return undefined;
  }
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'TimeoutError';
}
