import type { AccessLogLine } from '../../mesh/observations.ts';
import { omitUndefined } from '../../kubernetes/omit-undefined.ts';

/** A line in the format `json`, with the proxy's names. */
interface Line {
  host?: string;
  method?: string;
  uri?: string;
  version?: string;
  status?: number | string;
  user_agent?: string;
  response_bytes?: number | string;
}

/** Parses a proxy's log: lines that are not access log entries in the format `json` are skipped. */
export function parseAccessLog(text: string): AccessLogLine[] {
  return text.split('\n').flatMap((line) => {
    const fields = fieldsIn(line);
    return fields?.method === undefined || fields.uri === undefined ? [] : [lineOf(fields, line)];
  });
}

function fieldsIn(line: string): Line | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Line;
  } catch {
    return undefined;
  }
}

/** Between proxies a request contains the full URL; the path is what was requested of the application. */
function lineOf(
  { host, method, uri = '', version, status, user_agent: userAgent, response_bytes: bytes }: Line,
  text: string,
): AccessLogLine {
  return {
    ...omitUndefined({ method, protocol: version, userAgent, authority: host }),
    path: uri.replace(/^https?:\/\/[^/]*/, '') || '/',
    ...(status === undefined ? {} : { status: Number(status) }),
    ...(bytes === undefined || bytes === '' ? {} : { bytesSent: Number(bytes) }),
    text,
  };
}
