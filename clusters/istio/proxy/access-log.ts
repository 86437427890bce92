import type { AccessLogLine } from '../../mesh/observations.ts';
import { readerOf, type LogField, type LogFormat } from './log-format.ts';

/** Fields that are numbers. */
const NUMBERS: ReadonlySet<LogField> = new Set(['status', 'bytesReceived', 'bytesSent']);

/** Reads what a proxy printed; lines in none of these formats are left out. An absent value is `-` there. */
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
    return [name, NUMBERS.has(name as LogField) ? Number(said) : said];
  });
  return Object.fromEntries(values) as Partial<AccessLogLine>;
}
