import type { AccessLogLine } from '../../mesh/observations.ts';
import { readerOf, type LogField, type LogFormat } from './log-format.ts';

/** Fields that are numbers. */
const NUMBERS: ReadonlySet<LogField> = new Set(['status', 'bytesReceived', 'bytesSent']);

/**
 * The version digit of a UUID, by which Envoy marks a request that it traces: 9, a or b instead of 4. It decides that by the preceding
 * digits, so either all requests of a series are marked, or none.
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-request-id
 */
const TRACED = /^(?<before>[0-9a-f]{8}-[0-9a-f]{4}-)[9ab](?=[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$)/;

/**
 * Parses a proxy's output; lines in none of these formats are skipped. A missing value is written as `-`. IDs are returned as they were
 * sent.
 */
export function parseAccessLog(text: string, formats: readonly LogFormat[]): AccessLogLine[] {
  const readers = formats.map(readerOf);
  return text.split('\n').flatMap((line) => {
    const fields = readers.map((read) => read(line)).find((one) => one !== undefined);
    return fields === undefined ? [] : [{ ...valuesOf(fields), text: line }];
  });
}

function valuesOf(fields: Partial<Record<LogField, string>>): Partial<AccessLogLine> {
  const values = Object.entries(fields).map(([name, value]) => {
    const said = value === '-' ? '' : value;
    if (NUMBERS.has(name as LogField)) return [name, Number(said)];
    return [name, name === 'id' ? said.replace(TRACED, '$<before>4') : said];
  });
  return Object.fromEntries(values) as Partial<AccessLogLine>;
}
