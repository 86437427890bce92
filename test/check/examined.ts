import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect as base, test as plain } from '@playwright/test';

import type { Details } from '../../fixtures/check/definition.ts';
import { examine } from '../../fixtures/check/examine.ts';
import { checkOnRig } from '../../fixtures/check/manifests.ts';
import type { MustFail } from '../../fixtures/check/must-fail.ts';
import { filesOf, specAt, type CheckFiles } from '../../fixtures/contract/catalogue.ts';
import { verdictOf } from '../../fixtures/contract/verdict.ts';
import { glue } from '../../fixtures/expect.ts';
import type { Judgement } from '../../fixtures/matchers/index.ts';
import type { Actors } from '../../fixtures/rig/actors.ts';
import { StandInRig } from './stand-in-rig.ts';

const toHold = (mode: string | undefined): Judgement<string> => ({
  pass: mode === 'STRICT',
  expected: 'the mode is STRICT',
  observed: `the mode is ${mode}`,
  confidence: 'exact',
  against: [{ kind: mode ?? 'none', count: 1 }],
});
const toExist = (mode: string | undefined): Judgement<string> => ({
  pass: mode !== undefined,
  expected: 'there is a mode',
  observed: 'there is nothing',
  confidence: 'exact',
});

/** Fails like the matchers of the suites. */
export const expect = base.extend(glue({ toHold, toExist }));
const LIMITS = { limitMs: 90_000, patienceMs: 0 };
/** What a control makes fail, with matchers that only this test has. */
export const breaking = (own: Record<string, unknown>): MustFail => own;

const manifest = (mode: string) => `kind: PeerAuthentication\nmetadata: {name: strict}\nspec: {mtls: {mode: ${mode}}}\n`;

export const test = plain.extend<{ place: CheckFiles; standIn: StandInRig }>({
  place: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'meshproof-check-'));
    process.env['MESHPROOF_REPORT'] = join(folder, 'report');
    const suite = join(folder, 'security');
    await mkdir(suite);
    await writeFile(join(suite, 'strict.istio.yaml'), `apiVersion: security.istio.io/v1\n${manifest('STRICT')}`);
    await writeFile(join(suite, 'strict.istio.control.yaml'), manifest('PERMISSIVE'));
    const spec = specAt(join(suite, 'strict.spec.ts'));
    if (spec !== undefined) await use(filesOf(spec, 'istio'));
    delete process.env['MESHPROOF_REPORT'];
    await rm(folder, { recursive: true });
  },
  standIn: async ({}, use) => use(new StandInRig()),
});

const details: Details = { control: { because: 'the mode is PERMISSIVE', mustFail: breaking({ toHold: 'PERMISSIVE' }) } };
/** Examines a check on the stand-in rig, by default with its control, and derives its verdict. */
export const run = async (
  place: CheckFiles,
  { rig }: StandInRig,
  body: (actors: Actors) => Promise<void>,
  more: Partial<{ details: Details; withControl: boolean; limitMs: number }> = {},
) => {
  const onRig = checkOnRig({ place, details: more.details ?? details, rig });
  const { result, error } = await examine({ ...onRig, body, withControl: true, ...LIMITS, info: plain.info(), ...more });
  return { result: { ...result, ...verdictOf(result.facts) }, error };
};
