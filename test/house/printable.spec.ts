import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { basename, join, resolve } from 'node:path';
import { Writable } from 'node:stream';

import { expect, test } from '@playwright/test';
import fc from 'fast-check';

import { MeshproofError, causeOf } from '../../clusters/errors.ts';
import { refusal } from '../../clusters/kubernetes/api-error.ts';
import { warningsOf } from '../../clusters/kubernetes/connection.ts';
import { fileName, printable, printableLines, shellWord, withoutCredentials } from '../../clusters/printable.ts';
import { startProgress } from '../../scripts/console/progress.ts';
import { inLines } from '../../scripts/doctor/lines.ts';
import { anyText } from '../reporters/any-text.ts';

/** Sets the clipboard, clears the screen, moves back in the line, and reverses the rest of the text. */
const HOSTILE = '\u001B]52;c;ZXZpbA==\u0007\u001B[2Ja\rb\u009B31mc\u0000\u202Ed\u2066e\u200Bf';
const SAFE = 'a bc def';
const UNSAFE = /[^\P{Cc}\n\t]|[\p{Bidi_Control}\u200B]/u;

const hostileText = fc.oneof(anyText, fc.string({ unit: fc.constantFrom(...HOSTILE.split(''), '\n', '\u2028', 'x', ' ') }));

test('Removes whatever moves the cursor, breaks the line or reorders text', () => {
  expect(printable(HOSTILE)).toBe(SAFE);
  expect(printable('one\r\ntwo\u2028three')).toBe('one two three');
  expect(printable('grüße, “世界” 👍🏽')).toBe('grüße, “世界” 👍🏽');
  fc.assert(
    fc.property(hostileText, (text) => {
      const shown = printable(text);
      assert.doesNotMatch(shown, UNSAFE);
      assert.doesNotMatch(shown, /[\n\t\u2028\u2029]/);
      assert.equal(printable(shown), shown);
    }),
  );
});

test('Keeps the line breaks of several lines', () => {
  expect(printableLines(`one\r\ntwo\n\tthree\u2029${HOSTILE}`)).toBe('one\ntwo\n\tthree\na\nbc def');
  fc.assert(
    fc.property(hostileText, (text) => {
      const shown = printableLines(text);
      assert.doesNotMatch(shown, UNSAFE);
      assert.equal(printableLines(shown), shown);
    }),
  );
});

test('Removes user and password from URLs, and nothing else', () => {
  expect(withoutCredentials('https://ci:hunter2@a.example/x and "http://token@b:80"')).toBe('https://a.example/x and "http://b:80"');
  expect(withoutCredentials('socks5://me@corp.example:p@ss@proxy:1080')).toBe('socks5://proxy:1080');
  for (const text of ['https://a.example/x@sha256:00', 'docker.io/x:1@sha256:00', 'https://a.example?to=me@b', 'mail me@b.example'])
    expect(withoutCredentials(text)).toBe(text);
  const quoted = 'cannot use https://ci:hunter2@a.example';
  expect(new MeshproofError('X', quoted, { hint: quoted })).toMatchObject({
    message: 'cannot use https://a.example',
    hint: 'cannot use https://a.example',
  });
  expect(causeOf(new TypeError(quoted))).toBe('cannot use https://a.example');
});

test('Turns any name from outside into one part of a path', () => {
  expect(fileName('server-v1-6d4f.log')).toBe('server-v1-6d4f.log');
  for (const name of ['', '.', '..', '../../etc/passwd', 'a/../../b', '/etc/passwd', 'a\u0000b', '.bashrc', '..\\b', 'x'.repeat(400)]) {
    const safe = fileName(name);
    expect(safe).toMatch(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/);
    expect(resolve('/report', safe)).toBe(join('/report', basename(safe)));
  }
  fc.assert(
    fc.property(hostileText, hostileText, (one, other) => {
      if (one !== other) assert.notEqual(fileName(one), fileName(other));
    }),
  );
});

test('Quotes a word so that a shell returns it unchanged', () => {
  expect(shellWord('arn:aws:eks:eu-central-1:111122223333:cluster/mesh-staging')).toMatch(/^arn:.*staging$/);
  const words = ['staging (do not delete)', "it's", '$(reboot)', '`x`', '~', '', '*', 'a;b', 'kind-mesh', '"'];
  const printed = execFileSync('sh', ['-c', `printf '%s\\n' ${words.map(shellWord).join(' ')}`], { encoding: 'utf8' });
  expect(printed.split('\n').slice(0, -1)).toEqual(words);
});

test('Cleans what a server says in errors and warnings', () => {
  const body = JSON.stringify({ kind: 'Status', message: HOSTILE, reason: 'Forbidden' });
  expect(refusal('listing Pods', 403, body).message).toBe(`listing Pods was refused (403): ${SAFE}`);
  expect(refusal('listing Pods', 500, HOSTILE).message).toBe(`listing Pods was refused (500): ${SAFE}`);
  expect(new MeshproofError('X', `one\n${HOSTILE}`, { hint: HOSTILE })).toMatchObject({ message: 'one\na\nbc def', hint: 'a\nbc def' });
  expect(causeOf(new Error(`one\n${HOSTILE}`))).toBe('one\na\nbc def');
  expect(causeOf(HOSTILE)).toBe('a\nbc def');
  expect(warningsOf(`299 - "${HOSTILE}"`)).toEqual([SAFE]);
});

test('Cleans progress messages and findings too', () => {
  let written = '';
  const stream = new Writable({ write: (chunk, _, done) => ((written += String(chunk)), done()) });
  const progress = startProgress({ stream, now: () => 0 });
  progress.say(`asking ${HOSTILE}`);
  progress.pause();
  expect(written).toBe(`   0 s  asking ${SAFE}\n`);
  const finding = { category: 'rights', check: HOSTILE, status: 'failed', seen: HOSTILE, hint: HOSTILE } as const;
  expect(inLines([finding], { TERM: 'dumb' })).toContain(`${SAFE}: ${SAFE}\n    ${SAFE}\n`);
});
