import { styleText } from 'node:util';

import { printable } from '../../clusters/printable.ts';
import type { Finding } from './finding.ts';

const MARKS = { ok: ['√', 'ok', 'green'], warning: ['‼', 'warning', 'yellow'], failed: ['×', 'failed', 'red'] } as const;

/** Whether the terminal's character set contains the marks; other outputs use UTF-8. */
function hasMarks(environment: NodeJS.ProcessEnv): boolean {
  const charset = environment['LC_ALL'] || environment['LC_CTYPE'] || environment['LANG'] || '';
  return environment['TERM'] !== 'dumb' && environment['TERM'] !== 'linux' && (charset === '' || /utf-?8/i.test(charset));
}

/** The findings as text: a heading for each category, a line for each check, and hints below. */
export function inLines(findings: readonly Finding[], environment: NodeJS.ProcessEnv = process.env): string {
  const mark = (status: Finding['status']): string => {
    const [sign, word, colour] = MARKS[status];
    return styleText(colour, hasMarks(environment) ? sign : `[${word}]`);
  };
  const sections = Map.groupBy(findings, ({ category }) => category);
  const lines = [...sections].flatMap(([category, members]) => [
    category,
    '-'.repeat(category.length),
    ...members.flatMap(({ status, check, seen, hint }, index) => [
      `${mark(status)} ${printable(`${check}: ${seen}`)}`,
      // If several lines have the same hint, it is printed below the last of them.
      ...(hint === undefined || members[index + 1]?.hint === hint ? [] : [`    ${printable(hint)}`]),
    ]),
    '',
  ]);
  const count = (status: Finding['status']): number => findings.filter((finding) => finding.status === status).length;
  const parts = [
    count('failed') > 0 ? [`${count('failed')} failed`] : [],
    count('warning') > 0 ? [`${count('warning')} warned`] : [],
  ].flat();
  const verdict = mark(count('failed') > 0 ? 'failed' : 'ok');
  return [...lines, `Status check results are ${verdict}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`].join('\n');
}
