import { createHash } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';

/** What turns the text around it about, or hides in it: bidirectional controls, signs without width or meaning, tags. */
const UNSEEN = /[\p{Bidi_Control}\u200B\u2060-\u2064\u206A-\u206F\uFEFF\u{E0000}-\u{E007F}]+/gu;
const LINE_BREAKS = /\r\n?|[\p{Zl}\p{Zp}]/gu;
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
/** All but tabs and line feeds. */
const CONTROLS_WITHIN_LINES = /[^\P{Cc}\t\n]+/gu;

/**
 * Words from outside (a server, a webhook, a pod, a file of someone else) on one line that a terminal and a report show as they are read:
 * without escape sequences, other control characters, line breaks and what reorders or hides text.
 */
export function printable(text: string): string {
  return visible(text).replaceAll(CONTROLS, ' ');
}

/** As `printable`, with its lines and tabs. */
export function printableLines(text: string): string {
  return visible(text).replaceAll(LINE_BREAKS, '\n').replaceAll(CONTROLS_WITHIN_LINES, ' ');
}

/**
 * A name from outside as one part of a path on this machine: never another folder, never hidden, at most 200 characters.
 * What had to be changed is told apart by its hash.
 */
export function fileName(name: string): string {
  const safe = name
    .replaceAll(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^\.+/, '_')
    .slice(0, 180);
  return safe === name && safe !== '' ? name : `${safe}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}

/** A word of a command line that a person is to paste into a shell. */
export function shellWord(word: string): string {
  const text = printable(word);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function visible(text: string): string {
  return stripVTControlCharacters(text.toWellFormed()).replaceAll(UNSEEN, '');
}
