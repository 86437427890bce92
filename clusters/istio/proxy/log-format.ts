import { isObject } from '../../kubernetes/merge-patch.ts';
import type { PodRef } from '../../kubernetes/manifest.ts';
import type { ClusterAccess } from '../../mesh/access.ts';
import type { AccessLogLine } from '../../mesh/observations.ts';
import { ADMIN_PORT } from './admin.ts';

/** The format of a log line: a text in which operators stand for values, or a JSON object whose values contain operators. */
export type LogFormat = string | Readonly<Record<string, unknown>>;

export type LogField = Exclude<keyof AccessLogLine, 'text'>;

/** The fields of a line by Envoy's operators for them. */
const FIELDS: Readonly<Record<string, LogField>> = {
  'REQ(X-REQUEST-ID)': 'id',
  'REQ(:METHOD)': 'method',
  'REQ(X-ENVOY-ORIGINAL-PATH?:PATH)': 'path',
  'REQ(:PATH)': 'path',
  PROTOCOL: 'protocol',
  RESPONSE_CODE: 'status',
  RESPONSE_FLAGS: 'flags',
  BYTES_RECEIVED: 'bytesReceived',
  BYTES_SENT: 'bytesSent',
  'REQ(USER-AGENT)': 'userAgent',
  'REQ(:AUTHORITY)': 'authority',
  UPSTREAM_CLUSTER: 'upstream',
  UPSTREAM_CLUSTER_RAW: 'upstream',
  ROUTE_NAME: 'route',
};

/** The fields that a format contains, in the order of its text. */
export function fieldsOf(format: LogFormat): LogField[] {
  const texts = typeof format === 'string' ? [format] : Object.values(format).map(String);
  return texts.flatMap((text) => [...text.matchAll(OPERATOR)].flatMap(([whole]) => fieldOf(whole) ?? []));
}

/** `%NAME%`, `%NAME(argument)%` or `%NAME(argument):length%`. */
const OPERATOR = /%([A-Z_]+)(\([^)]*\))?(?::\d+)?%/g;

function fieldOf(operator: string): LogField | undefined {
  const [, name = '', argument = ''] = new RegExp(OPERATOR.source).exec(operator) ?? [];
  return FIELDS[`${name}${argument.toUpperCase()}`];
}

/** The formats in which a running proxy currently writes access logs to its standard output; empty if it writes none. */
export async function logFormats(access: ClusterAccess, pod: PodRef): Promise<LogFormat[]> {
  return formatsIn(JSON.parse(await access.fetchText(pod, ADMIN_PORT, '/config_dump?resource=dynamic_listeners')));
}

/** The distinct formats in a part of a config dump. */
export function formatsIn(dump: unknown): LogFormat[] {
  const found = new Map<string, LogFormat>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isObject(value)) return;
    const { log_format: format } = value;
    if (isObject(format)) {
      const { text_format_source: source, json_format: json } = format;
      const text = isObject(source) ? source['inline_string'] : format['text_format'];
      const known = typeof text === 'string' ? text : isObject(json) ? json : undefined;
      if (known !== undefined) found.set(JSON.stringify(known), known);
    }
    Object.values(value).forEach(visit);
  };
  visit(dump);
  return [...found.values()];
}

/** Parses a line of a format; undefined if the line does not match. */
export type LineReader = (line: string) => Partial<Record<LogField, string>> | undefined;

export function readerOf(format: LogFormat): LineReader {
  return typeof format === 'string' ? textReader(format) : jsonReader(format);
}

function textReader(format: string): LineReader {
  const named = new Set<LogField>();
  const text = format.replace(/\n$/, '');
  let pattern = '';
  let end = 0;
  for (const match of text.matchAll(OPERATOR)) {
    const [whole] = match;
    pattern += RegExp.escape(text.slice(end, match.index));
    end = match.index + whole.length;
    const field = fieldOf(whole);
    const isQuoted = text[match.index - 1] === '"' && text[end] === '"';
    const value = field === undefined ? '.*?' : isQuoted ? '[^"]*' : String.raw`\S+`;
    pattern += field === undefined || named.has(field) ? `(?:${value})` : `(?<${field}>${value})`;
    if (field !== undefined) named.add(field);
  }
  const line = new RegExp(`^${pattern}${RegExp.escape(text.slice(end))}$`);
  return (written) => line.exec(written)?.groups;
}

function jsonReader(format: Readonly<Record<string, unknown>>): LineReader {
  const fields = Object.entries(format).flatMap(([key, value]): [string, LogField][] => {
    const field = typeof value === 'string' ? fieldOf(value) : undefined;
    return field === undefined ? [] : [[key, field]];
  });
  return (written) => {
    if (!written.startsWith('{')) return undefined;
    const line = parsed(written);
    if (!isObject(line) || !fields.some(([key]) => key in line)) return undefined;
    // A missing value is null or omitted.
    return Object.fromEntries(fields.map(([key, field]) => [field, wordOf(line[key])]));
  };
}

const wordOf = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '-');

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
