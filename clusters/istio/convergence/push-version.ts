/**
 * The version that istiod assigns to a push, shared by all its resource types: `<RFC 3339 time>/<counter>`. The counter restarts with each
 * istiod process, and the time has a resolution of seconds, so times are compared first.
 */
export interface PushVersion {
  timeMs: number;
  counter: number;
}

/** @returns undefined for the empty version of a type that was never pushed, and for any other format */
export function parsePushVersion(text: string): PushVersion | undefined {
  const slash = text.lastIndexOf('/');
  const timeMs = Date.parse(text.slice(0, Math.max(slash, 0)));
  const counter = text.slice(slash + 1);
  return slash === -1 || Number.isNaN(timeMs) || !/^\d+$/.test(counter) ? undefined : { timeMs, counter: Number(counter) };
}

const UUID_LENGTH = 36;

/** A nonce consists of the push's version and a UUID. */
export function versionOfNonce(nonce: string): PushVersion | undefined {
  return parsePushVersion(nonce.slice(0, -UUID_LENGTH));
}

/** Whether `version` belongs to the same push as `other`, or to a later one. */
export function isAtLeast(version: PushVersion, other: PushVersion): boolean {
  return version.timeMs === other.timeMs ? version.counter >= other.counter : version.timeMs > other.timeMs;
}
