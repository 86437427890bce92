/**
 * The version that istiod gives to one push and that all resource types of that push share: `<RFC 3339 time>/<counter>`.
 * The counter starts again with each istiod process, the time has seconds: so the time decides first.
 */
export interface PushVersion {
  timeMs: number;
  counter: number;
}

/** @returns undefined for the empty text of a type that was never pushed, and for a text of another form. */
export function parsePushVersion(text: string): PushVersion | undefined {
  const slash = text.lastIndexOf('/');
  const timeMs = Date.parse(text.slice(0, Math.max(slash, 0)));
  const counter = text.slice(slash + 1);
  return slash === -1 || Number.isNaN(timeMs) || !/^\d+$/.test(counter) ? undefined : { timeMs, counter: Number(counter) };
}

const UUID_LENGTH = 36;

/** A nonce is the push's version with a UUID behind it. */
export function versionOfNonce(nonce: string): PushVersion | undefined {
  return parsePushVersion(nonce.slice(0, -UUID_LENGTH));
}

/** Whether `version` belongs to the same push as `other` or to a later one. */
export function isAtLeast(version: PushVersion, other: PushVersion): boolean {
  return version.timeMs === other.timeMs ? version.counter >= other.counter : version.timeMs > other.timeMs;
}
