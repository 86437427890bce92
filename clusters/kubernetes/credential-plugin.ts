import { MeshproofError } from '../errors.ts';
import { omitUndefined } from './omit-undefined.ts';
import type { UserFields } from './kubeconfig.ts';

/** Credentials from a plug-in, with their expiry time. */
interface Credential {
  token?: string;
  clientCertificateData?: string;
  clientKeyData?: string;
  expirationTimestamp?: string;
}

export type PluginFields = NonNullable<UserFields['exec']>;

/** Long enough for a user to log in with a browser. */
const PATIENCE_MS = 60_000;
const MOST_SAID = 1_000;

/**
 * A program that a kubeconfig names as the source of credentials. The Kubernetes client would run it without a time limit, and leave it
 * running.
 */
export class CredentialPlugin {
  readonly #fields: PluginFields;
  readonly #environment: Record<string, string>;
  readonly #patienceMs: number;
  #kept: Credential | undefined;

  /** @param extra further environment variables for the plug-in, in addition to those in the kubeconfig */
  constructor(fields: PluginFields, extra: Record<string, string>, patienceMs = PATIENCE_MS) {
    this.#fields = fields;
    this.#environment = { ...Object.fromEntries((fields.env ?? []).map(({ name, value }) => [name, value])), ...extra };
    this.#patienceMs = patienceMs;
  }

  /**
   * The cached credentials if they are still valid, or else new ones. The program is terminated when the signal aborts or after 60 s.
   * @throws MeshproofError with code `CREDENTIAL_PLUGIN`, which does not quote standard output, or the signal's reason
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
    // In a process group of its own, so that its child processes end with it.
    const running = execa(command, args ?? [], { env: this.#environment, stdin: 'ignore', detached: true, reject: false });
    const release = endWith(running.pid, limit);
    const { failed, exitCode, signal: killed, code, durationMs, stdout, stderr } = await running.finally(release);
    // If the caller's time limit is reached, the error of the plug-in is more useful than that of the limit.
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

/** Ends a process group when the signal aborts or this process ends. @returns a function that cancels this */
function endWith(pid: number | undefined, limit: AbortSignal): () => void {
  const end = (): void => {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // The process has ended.
    }
  };
  const interrupted = (name: NodeJS.Signals): void => {
    end();
    // Without other listeners the signal would have ended this process.
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
