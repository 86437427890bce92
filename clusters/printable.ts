import { createHash } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';

/** Characters that reorder or hide text: bidirectional controls, invisible characters, tags. */
const UNSEEN = /[\p{Bidi_Control}\u200B\u2060-\u2064\u206A-\u206F\uFEFF\u{E0000}-\u{E007F}]+/gu;
const LINE_BREAKS = /\r\n?|[\p{Zl}\p{Zp}]/gu;
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
/** All control characters except tabs and line feeds. */
const CONTROLS_WITHIN_LINES = /[^\P{Cc}\t\n]+/gu;

/**
 * Makes text from outside (a server, a webhook, a pod, a file of others) safe to show on one line of a terminal or report: without escape
 * sequences, other control characters, line breaks and characters that reorder or hide text.
 */
export function printable(text: string): string {
  return visible(text).replaceAll(CONTROLS, ' ');
}

/** Like `printable`, but keeps line breaks and tabs. */
export function printableLines(text: string): string {
  return visible(text).replaceAll(LINE_BREAKS, '\n').replaceAll(CONTROLS_WITHIN_LINES, ' ');
}

/** Removes user and password from the URLs in a text, e.g. in an error message that quotes a setting. */
export function withoutCredentials(text: string): string {
  return text.replaceAll(/(?<=:\/\/)[^\s/?#]+@/g, '');
}

/**
 * Makes a name from outside usable as one part of a path: never another folder, never hidden, at most 200 characters. A name that had to be
 * changed gets its hash, so that it stays unique.
 */
export function fileName(name: string): string {
  const safe = name
    .replaceAll(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^\.+/, '_')
    .slice(0, 180);
  return safe === name && safe !== '' ? name : `${safe}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}

/** Quotes a word of a command line for a shell, so that it can be pasted. */
export function shellWord(word: string): string {
  const text = printable(word);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function visible(text: string): string {
  return stripVTControlCharacters(text.toWellFormed()).replaceAll(UNSEEN, '');
}
