import type { AccessLogLine } from '../../mesh/observations.ts';

/**
 * Istio's default format: `[start] "METHOD path protocol" status flags details termination "failure" received sent duration service-time
 * "forwarded-for" "user-agent" "request-id" "authority" "upstream host" upstream-cluster …`. An absent value is `-`.
 */
const LINE = new RegExp(
  [
    String.raw`^\[(?<start>[^\]]+)\] "(?<method>\S+) (?<path>\S+) (?<protocol>[^"]+)" (?<status>\d+) (?<flags>\S+) \S+ \S+ "[^"]*"`,
    String.raw`(?<received>\d+) (?<sent>\d+) \d+ \S+ "[^"]*" "(?<agent>[^"]*)" "(?<id>[^"]*)" "(?<authority>[^"]*)" "[^"]*" (?<upstream>\S+) .*?(?<route>\S+)$`,
  ].join(' '),
);

/**
 * The format that many guides set and that was Istio's own once: `[start] "METHOD path protocol" status flags received sent duration
 * service-time "forwarded-for" "user-agent" "request-id" "authority" "upstream host"`.
 */
const SHORT_LINE = new RegExp(
  [
    String.raw`^\[(?<start>[^\]]+)\] "(?<method>\S+) (?<path>\S+) (?<protocol>[^"]+)" (?<status>\d+) (?<flags>\S+)`,
    String.raw`(?<received>\d+) (?<sent>\d+) \d+ \S+ "[^"]*" "(?<agent>[^"]*)" "(?<id>[^"]*)" "(?<authority>[^"]*)" "[^"]*"$`,
  ].join(' '),
);

/** Reads what a proxy printed; lines in another form than these two are left out. */
export function parseAccessLog(text: string): AccessLogLine[] {
  return text.split('\n').flatMap((line) => parseLine(line) ?? []);
}

function parseLine(text: string): AccessLogLine | undefined {
  const groups = (LINE.exec(text) ?? SHORT_LINE.exec(text))?.groups;
  if (groups === undefined) return undefined;
  const field = (name: string): string => (groups[name] === '-' ? '' : (groups[name] ?? ''));
  return {
    id: field('id'),
    method: field('method'),
    path: field('path'),
    protocol: field('protocol'),
    status: Number(field('status')),
    flags: field('flags'),
    bytesReceived: Number(field('received')),
    bytesSent: Number(field('sent')),
    userAgent: field('agent'),
    authority: field('authority'),
    ...(groups['route'] === undefined ? {} : { upstream: field('upstream'), route: field('route') }),
    text,
  };
}
