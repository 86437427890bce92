import type { CheckResult, Verdict } from '../fixtures/contract/result.ts';
import { printable } from '../fixtures/contract/printable.ts';
import { confidence, findingLine, unprovenAssertions, warning } from './format.ts';

/** What each verdict means, for readers who see it for the first time. */
const MEANING: Record<Verdict, string> = {
  PASS: 'the mesh kept its promise',
  FAIL: 'the mesh broke its promise',
  INCONCLUSIVE: 'no judgement: the tool, the cluster or the injected fault misbehaved',
  UNSUPPORTED: 'the mesh, the cluster or the fault rules this out, by design',
  INVALID: 'no judgement: the control did not fail, so this check proves nothing',
};

/** Allure passes its theme to the frame of a description as an attribute; pictures follow it. */
const STYLE = `
body { font-family: system-ui, sans-serif; font-size: 14px; line-height: 1.5 }
html[data-theme=light] img { color-scheme: light }
html[data-theme=dark] img { color-scheme: dark }
img { display: block; max-width: 100%; height: auto; margin: 10px 0; border: 1px solid #8883; border-radius: 6px }
.head { font-size: 13px; margin: 16px 0 2px; opacity: .75; font-weight: 600 }
p, ul, pre { margin: 2px 0 }
ul { padding-left: 20px }
pre { white-space: pre-wrap; font-size: 12px; line-height: 1.45 }
.verdict { font-weight: 700 }`;

/**
 * The description of a check as HTML: what was expected, what was observed, how certain that is, and how to run it again.
 * Histories and ledgers are listed but not attached, because the site is a single file. They are not linked either, because Allure shows
 * a description in a frame that cannot navigate.
 * @param pictures what the check itself measured, as SVG
 */
export function describe(check: CheckResult, pictures: readonly string[]): string {
  const { verdict, title, reason, finding, control, controlFindings, evidence, warnings = [], docDeviations = [], rerun } = check;
  const unproven = unprovenAssertions(check);
  const files = evidence.map(({ phase, name, file, lines }) => `evidence of the ${phase}, ${name}, ${lines} lines: ${file}`);
  return [
    `<p><span class="verdict">${verdict}</span>: ${MEANING[verdict]}${control === 'red' ? '; the check failed under its control first' : ''}</p>`,
    section('Promise', [title, ...(finding === undefined ? [] : [finding.expected])].map(paragraph).join('\n')),
    ...pictures.map((svg) => `<img alt="${titleOf(svg)}" src="${dataUri(svg)}">`),
    ...(finding === undefined ? [] : [section('Observed', paragraph(finding.observed))]),
    ...(verdict === 'PASS' ? [] : [section('Reason', paragraph(reason))]),
    ...(verdict === 'UNSUPPORTED'
      ? []
      : [section('Confidence', list([...(finding === undefined ? [] : [finding.confidence]), ...confidence(check)]))]),
    ...(controlFindings.length === 0 ? [] : [section('Observed under the control', list(controlFindings.map(findingLine)))]),
    ...(unproven.length === 0 ? [] : [section('Assertions that did not fail under the control', list(unproven))]),
    ...(warnings.length === 0 ? [] : [section('Applied with warnings', list(warnings.map((one) => warning(one))))]),
    ...(docDeviations.length === 0
      ? []
      : [
          section(
            'Documentation and observed behaviour',
            list(docDeviations.map(({ documented, observed }) => `documented: ${documented}; observed: ${observed}`)),
          ),
        ]),
    ...(files.length === 0 ? [] : [section('Evidence, in the report folder', list(files))]),
    section('Rerun', `<pre>${text(rerun)}</pre>`),
    `<style>${STYLE}</style>`,
  ].join('\n');
}

function section(head: string, content: string): string {
  return `<p class="head">${head}</p>\n${content}`;
}

function list(lines: readonly string[]): string {
  return `<ul>${lines.map((line) => `<li>${text(line)}</li>`).join('')}</ul>`;
}

function paragraph(line: string): string {
  return `<p>${text(line)}</p>`;
}

/** Escapes text for HTML. */
function text(raw: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return printable(raw).replaceAll(/[&<>"]/g, (character) => entities[character] ?? character);
}

/** The title of an SVG; its escapes are valid in HTML too. */
function titleOf(svg: string): string {
  return /<title>([^<]*)<\/title>/.exec(svg)?.[1] ?? 'picture';
}

/** Base64 would be a third longer. */
function dataUri(svg: string): string {
  const unsafe = /[%#<>"\r\n?&\\^`{|}]|[^\x20-\x7E]/gu;
  return `data:image/svg+xml,${svg.replaceAll(unsafe, (character) => encodeURIComponent(character))}`;
}
