import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';

import { Conformance } from '../../fixtures/contract/conformance.ts';
import { checkLines } from '../../reporters/console.ts';
import { printable } from '../../fixtures/contract/printable.ts';
import { duration } from '../../reporters/format.ts';
import { escapeXml, junitXml } from '../../reporters/junit.ts';
import { conformanceMarkdown, inline } from '../../reporters/markdown.ts';
import { anyText } from './any-text.ts';
import { HOSTILE, sampleCheck, sampleConformance } from './samples.ts';
import { readXml } from './xml-reader.ts';

test('Writes conformance.md as in the golden file', async () => {
  const golden = await readFile(join(import.meta.dirname, 'conformance.golden.md'), 'utf8');
  expect(conformanceMarkdown(sampleConformance())).toBe(golden);
});

test('Publishes a schema that matches the type of conformance.json', async () => {
  const published = await readFile(join(import.meta.dirname, '../../reporters/conformance.schema.json'), 'utf8');
  expect(JSON.parse(published), 'stale: npm run docs').toEqual(JSON.parse(JSON.stringify(Conformance)));
});

test('Distinguishes failure, error and skipped in junit.xml, and escapes hostile titles', () => {
  const root = readXml(junitXml(sampleConformance()));
  expect(root.attributes).toMatchObject({ tests: '6', failures: '1', errors: '2', skipped: '1' });
  const cases = root.children.flatMap((suite) => suite.children);
  const outcome = cases.map(({ attributes, children }) => [
    attributes['classname'],
    ...children.map(({ name }) => name).filter((name) => name !== 'properties'),
  ]);
  expect(outcome).toEqual([
    ['resilience.istio', 'error'],
    ['routing.istio', 'error'],
    ['routing.istio', 'failure'],
    ['routing.istio'],
    ['routing.linkerd', 'skipped'],
    ['security.istio'],
  ]);
  expect(cases[1]?.attributes['name']).toBe(HOSTILE.replace('\u001B', '\uFFFD'));
});

test('Round-trips any text through XML, except for characters that XML does not allow', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const { attributes, text: content } = readXml(`<a b="${escapeXml(text)}">${escapeXml(text)}</a>`);
      const carried = text.toWellFormed().replaceAll(/[\0-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD'); // oxlint-disable-line no-control-regex
      return attributes['b'] === carried && content === carried;
    }),
  );
});

test('Keeps any text in its table cell and on its line', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const shown = inline(text);
      return !/[\r\n<>]/.test(shown) && !/(?<!\\)(?:\\\\)*[|`*_]/.test(shown.replaceAll(/\\[\\`*_[\]#|~]/g, ''));
    }),
  );
});

test('Never passes control sequences to the terminal', () => {
  fc.assert(fc.property(anyText, (text) => !/\p{Cc}/u.test(printable(text))));
  const lines = checkLines(
    sampleCheck({ verdict: 'FAIL', title: HOSTILE, reason: HOSTILE }),
    { evidence: [], diagnostics: undefined },
    process.stdout,
  );
  expect(lines.every((line) => !line.includes('\n'))).toBe(true);
});

test('Formats durations for humans', () => {
  expect([0, 4321, 59_940, 64_600, 3_600_000].map((ms) => duration(ms))).toEqual([
    '0.00 s',
    '4.32 s',
    '59.9 s',
    '1 min 05 s',
    '60 min 00 s',
  ]);
});

test('Never mentions a person, an issue or a page in a pull request comment', () => {
  const text =
    'ask @org/team or a@b.example, see https://evil.example/x, HTTP://evil.example, www.evil.example, mailto:x, #12, !34 and GH-56';
  const shown = inline(text);
  // GitHub and GitLab do not recognise a reference with a comment in it; a reader does not see the comment.
  for (const live of [/@\w/, /:\/\//, /www\./, /mailto:\w/, /[#!]\d/, /GH-/]) expect(shown).not.toMatch(live);
  expect(shown.replaceAll('<!-- -->', '').replaceAll('\\', '')).toBe(text);
  fc.assert(fc.property(anyText, (one) => !/@\w|\w:\/\//.test(inline(`${one}@a http://${one}`))));
});
