import { stripVTControlCharacters } from 'node:util';

import { specAt } from '../fixtures/contract/catalogue.ts';
import { rerunOf } from '../fixtures/contract/rerun.ts';
import { ExaminedCheck, type CheckResult } from '../fixtures/contract/result.ts';
import type { Under } from '../fixtures/contract/under.ts';
import { verdictOf, type Ending } from '../fixtures/contract/verdict.ts';
import { validated } from './validate.ts';

/** The names of a check, which follow from the path of its spec, `<suite>/<stem>.spec.ts` in the suites folder. */
export interface CheckName {
  id: string;
  suite: string;
  title: string;
  /** The fault that it runs under. */
  under?: Under | undefined;
  /** The name of the mesh's version, if a new cluster would have another one. */
  meshVersion?: string | undefined;
}

/** The names of the check in a spec file; undefined if the file belongs to no suite. */
export function checkNameOf(file: string, title: string): CheckName | undefined {
  const { id, suite } = specAt(file) ?? {};
  return id === undefined || suite === undefined ? undefined : { id, suite, title };
}

/**
 * The final result of a check: what it observed, with the verdict that follows from that and from how its test ended.
 * A test that left no result, or one that cannot be read, is INCONCLUSIVE.
 * @param attached the content of the attachment; undefined without one
 */
export function withVerdict(name: CheckName, mesh: string, attached: unknown, ending: Ending, durationMs: number): CheckResult {
  const told: Ending = { ...ending, said: firstLines(ending.said) };
  const found = examined(attached, told);
  const { facts, ...details } = typeof found === 'string' ? unexamined(name, mesh, found, durationMs) : found;
  return { ...details, ...verdictOf({ ...facts, ending: told }) };
}

/** The first lines of a message that are not empty, without colours, joined to one paragraph. */
export function firstLines(message: string, count = 3): string {
  const lines = stripVTControlCharacters(message)
    .split(/\r?\n/)
    .map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .slice(0, count)
    .join(' ')
    .slice(0, 600);
}

function examined(attached: unknown, ending: Ending): ExaminedCheck | string {
  if (attached === undefined) return withoutFacts(ending);
  try {
    return validated(ExaminedCheck, attached, 'the attached result');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function withoutFacts({ status, said }: Ending): string {
  const ended = {
    passed: 'ended without a verdict',
    failed: 'was aborted before a verdict',
    skipped: 'was skipped',
    'not run': 'was not run',
  };
  return `The check ${ended[status]}${said === '' ? '.' : `: ${said}`}`;
}

function unexamined({ id, suite, title, under, meshVersion }: CheckName, mesh: string, reason: string, durationMs: number): ExaminedCheck {
  return {
    id,
    suite,
    mesh,
    title,
    facts: { control: { state: 'skipped', reason: '' }, check: { state: 'not run', reason } },
    controlBecause: '',
    controlFindings: [],
    enforcementMs: null,
    durationMs,
    statistics: [],
    evidence: [],
    rerun: rerunOf({ id, mesh, under, meshVersion }),
    ...(under === undefined ? {} : { under }),
  };
}
