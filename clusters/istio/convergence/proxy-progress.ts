import { causeOf } from '../../errors.ts';
import type { PodRef } from '../../kubernetes/manifest.ts';
import { RESOURCE_TYPE_NAMES, type ProxyStatus, type ResourceType } from '../istiod.ts';
import type { ProxyState } from '../proxy/admin.ts';
import { type PushVersion, isAtLeast, versionOfNonce } from './push-version.ts';

/** Consecutive polls that must agree: the second one gives a proxy's worker threads time to adopt what its main thread acknowledged. */
const AGREEING_LOOKS = 2;
/** A push with a sentinel carries these types to every proxy; one that does not list such a type yet is still connecting. */
const PUSHED_TO_ALL: readonly ResourceType[] = ['cds', 'lds'];

/** How far one proxy has progressed towards a configuration. */
export class ProxyProgress {
  readonly pod: PodRef;
  rejectedBefore: ProxyState['rejected'] = { cds: 0, lds: 0 };
  /** Whether the proxy was seen to have the sentinel. Set by the caller that queried it. */
  hasSentinel = false;
  /** The proxy's statistics, read after it had settled or rejected something. */
  state: ProxyState | undefined;
  /** Whether the proxy has routes from istiod: if it has none, istiod sends none, and the route version stays behind. */
  hasRoutes = true;
  #nonceBefore: string | undefined;
  #status: ProxyStatus | undefined;
  /** The sentinel's push, or the first later one that was seen. */
  #needed: PushVersion | undefined;
  #agreeing = 0;
  #standing: { nonce: string; since: number } | undefined;
  #acknowledged = false;
  #trouble: string | undefined;

  constructor(pod: PodRef) {
    this.pod = pod;
  }

  /** Records what istiod reported before the sentinel was placed. */
  before(status: ProxyStatus | undefined): void {
    this.#nonceBefore = status?.cds?.sent;
  }

  /** Avoids querying the proxy while istiod has sent nothing new. */
  get mayHaveSentinel(): boolean {
    return this.#status?.cds !== undefined && this.#status.cds.sent !== this.#nonceBefore;
  }

  /** Records what istiod reports now. istiod must have been queried after the proxy was seen to have the sentinel. */
  saw(status: ProxyStatus | undefined): void {
    this.#status = status;
    this.#trouble = undefined;
    if (this.hasSentinel) this.#needed ??= versionOfNonce(status?.cds?.sent ?? '');
    this.#agreeing = this.hasSentinel && status !== undefined && this.#behind(status).length === 0 ? this.#agreeing + 1 : 0;
    const rejected = rejectedType(status);
    const nonce = rejected === undefined ? undefined : status?.[rejected]?.sent;
    if (nonce === undefined) this.#standing = undefined;
    else if (this.#standing?.nonce !== nonce) this.#standing = { nonce, since: performance.now() };
  }

  /** Only routes are missing, so the proxy should be asked whether it has any. */
  get lacksOnlyRoutes(): boolean {
    const behind = this.#status === undefined ? [] : this.#behind(this.#status);
    return this.hasSentinel && behind.length === 1 && behind[0] === 'rds';
  }

  unreachable(error: unknown): void {
    this.#trouble = causeOf(error);
    this.#agreeing = 0;
    this.state = undefined;
  }

  /** Every type of the sentinel's push, or of a later one, is acknowledged. */
  get settled(): boolean {
    return this.#agreeing >= AGREEING_LOOKS;
  }

  get hasRejected(): boolean {
    return this.#standing !== undefined;
  }

  /** Was settled with everything warm at least once: whatever came later, even to a restarted proxy, includes the same configuration. */
  get acknowledged(): boolean {
    this.#acknowledged ||=
      this.settled && this.state !== undefined && this.state.listenersWarming === 0 && this.state.clustersWarming === 0;
    return this.#acknowledged;
  }

  get drained(): boolean {
    return this.state?.draining === 0;
  }

  /**
   * A push that was rejected, and that no newer push has replaced. istiod keeps the reason of an older rejection until something is
   * acknowledged, so the proxy's own counter must have risen too, if it has one.
   */
  rejection(standingMs: number): { type: string; reason: string } | undefined {
    const type = this.#acknowledged ? undefined : rejectedType(this.#status);
    if (type === undefined || this.#standing === undefined || performance.now() - this.#standing.since < standingMs) return undefined;
    if (type === 'cds' || type === 'lds') {
      const now = this.state?.rejected[type] ?? 0;
      const before = this.rejectedBefore[type];
      // A smaller number means that the proxy was restarted.
      if (now === 0 || now === before) return undefined;
    }
    return { type: type.toUpperCase(), reason: this.#status?.[type]?.error ?? '' };
  }

  /** What is missing, in one sentence; undefined if nothing is. */
  lacks(): string | undefined {
    const who = this.pod.name;
    if (this.acknowledged && this.drained) return undefined;
    if (this.#trouble !== undefined) return `the proxy of ${who} does not answer: ${this.#trouble}`;
    if (this.#status === undefined) return `the proxy of ${who} is not connected to istiod`;
    if (this.acknowledged) return `the proxy of ${who} still drains ${this.state?.draining} listeners or filter chains`;
    if (!this.hasSentinel) return `the proxy of ${who} has not received the newest push`;
    if (!this.settled) return `the proxy of ${who} has not acknowledged ${this.#behind(this.#status).join(', ')}`;
    return `the proxy of ${who} still warms listeners or clusters`;
  }

  /** Types for which neither the needed push nor a later one is acknowledged. */
  #behind(status: ProxyStatus): ResourceType[] {
    const needed = this.#needed;
    const together: readonly ResourceType[] = this.hasRoutes ? [...PUSHED_TO_ALL, 'rds'] : PUSHED_TO_ALL;
    return RESOURCE_TYPE_NAMES.filter((type) => {
      const { sent = '', acked = '' } = status[type] ?? {};
      const version = versionOfNonce(acked);
      const recent = version !== undefined && needed !== undefined && isAtLeast(version, needed);
      return !recent && (together.includes(type) || sent !== acked);
    });
  }
}

function rejectedType(status: ProxyStatus | undefined): ResourceType | undefined {
  return RESOURCE_TYPE_NAMES.find((type) => {
    const { sent = '', acked = '', error = '' } = status?.[type] ?? {};
    return error !== '' && sent !== acked;
  });
}
