import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect as base, test as plain, type TestInfo } from '@playwright/test';

import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import type { Actors, Rig } from '../../fixtures/actors/rig.ts';
import { Inconclusive } from '../../fixtures/check/attempt.ts';
import { placeOf, type Details, type Place } from '../../fixtures/check/definition.ts';
import { examine } from '../../fixtures/check/examine.ts';
import type { LedgerEntry } from '../../fixtures/agent/protocol.ts';
import { expect as meshproofExpect } from '../../fixtures/expect.ts';

/** Says no like the matchers of the suites do. */
const expect = base.extend({
  toHold: (mode: string | undefined) => ({ name: 'toHold', pass: mode === 'STRICT', message: () => `the mode is ${mode}` }),
  toExist: (mode: string | undefined) => ({ name: 'toExist', pass: mode !== undefined, message: () => 'there is nothing' }),
});

/** A rig whose "mesh" is what was applied last, and a log of what was done to it. */
class StandIn {
  readonly log: string[] = [];
  readonly objects = new Map<string, Manifest>();
  refusesRemoval = false;
  readonly rig: Rig;

  constructor() {
    const name = ({ kind, metadata }: Manifest) => `${kind}/${metadata.name}`;
    const stand = {
      namespace: 'rig',
      pods: [],
      actors: { caller: 'caller', outsider: 'outsider' },
      api: {
        apply: async (objects: Manifest[]) => {
          for (const object of objects) {
            this.log.push(`apply ${name(object)} ${this.#modeOf(object)}`);
            this.objects.set(name(object), object);
          }
        },
        remove: async (objects: Manifest[]) => {
          if (this.refusesRemoval && objects.length > 0) throw new Error('the API server is gone');
          for (const object of objects) {
            this.log.push(`remove ${name(object)}`);
            this.objects.delete(name(object));
          }
        },
        events: async () => [],
      },
      mesh: {
        rootNamespace: 'istio-system',
        converge: async () => {
          this.log.push('converge');
          return { acknowledgedMs: 1, drainedMs: 2 };
        },
        diagnostics: async () => ({}),
      },
      reset: async () => void this.log.push('reset'),
      replace: async () => void this.log.push('replace'),
    };
    this.rig = stand as unknown as Rig;
  }

  #modeOf({ spec }: Manifest): string {
    return (spec as { mtls: { mode: string } }).mtls.mode;
  }

  /** What the body of a check would measure. */
  get mode(): string | undefined {
    const [object] = this.objects.values();
    return object === undefined ? undefined : this.#modeOf(object);
  }
}

const manifest = (mode: string) => `kind: PeerAuthentication\nmetadata: {name: strict}\nspec: {mtls: {mode: ${mode}}}\n`;

const test = plain.extend<{ place: Place; standIn: StandIn }>({
  place: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'meshproof-check-'));
    process.env['MESHPROOF_REPORT'] = join(folder, 'report');
    const suite = join(folder, 'security');
    await mkdir(suite);
    await writeFile(join(suite, 'strict.istio.yaml'), `apiVersion: security.istio.io/v1\n${manifest('STRICT')}`);
    await writeFile(join(suite, 'strict.istio.control.yaml'), manifest('PERMISSIVE'));
    await use(placeOf(join(suite, 'strict.spec.ts'), 'istio'));
    delete process.env['MESHPROOF_REPORT'];
    await rm(folder, { recursive: true });
  },
  standIn: async ({}, use) => use(new StandIn()),
});

const details: Details = { control: { because: 'the mode is PERMISSIVE', breaks: 'toHold' } };
const run = (
  place: Place,
  { rig }: StandIn,
  body: (actors: Actors) => Promise<void>,
  more: Partial<{ details: Details; withControl: boolean; info: TestInfo }> = {},
) => examine({ place, details, rig, body, withControl: true, info: plain.info(), ...more });

test('a check that its control turns red and the true manifest green passes, and leaves nothing', async ({ place, standIn }) => {
  const { result, error } = await run(place, standIn, async () => expect(standIn.mode).toHold());
  expect(error).toBeUndefined();
  expect(result).toMatchObject({ verdict: 'PASS', control: 'red', controlSaid: 'the mode is PERMISSIVE', enforcementMs: 2, reason: '' });
  expect(standIn.log.join(', ')).toBe(
    [
      'apply PeerAuthentication/strict PERMISSIVE, converge, reset',
      'apply PeerAuthentication/strict STRICT, converge, reset',
      'remove PeerAuthentication/strict, converge, reset',
    ].join(', '),
  );
});

test('a control that stays green makes the check invalid, and the true manifest is not even tried', async ({ place, standIn }) => {
  const { result, error } = await run(place, standIn, async () => expect(standIn.mode).toExist());
  expect(result).toMatchObject({ verdict: 'INVALID', control: 'green' });
  expect(error?.message).toContain('this check cannot fail');
  expect(standIn.log).not.toContain('apply PeerAuthentication/strict STRICT');
  expect(standIn.objects.size).toBe(0);
});

test('a control that goes red in another matcher proves nothing', async ({ place, standIn }) => {
  const { result } = await run(place, standIn, async () => {
    expect(undefined).toExist();
    expect(standIn.mode).toHold();
  });
  expect(result).toMatchObject({ verdict: 'INVALID', control: 'green' });
  expect(result.reason).toContain('in toExist, not in toHold');
});

test('a control of several judgements must turn each of them red', async ({ place, standIn }) => {
  const twice: Details = { control: { because: 'the mode is PERMISSIVE', breaks: { toBeEmpty: 2 } } };
  const judged: string[] = [];
  const wrong = () => (standIn.mode === 'STRICT' ? [] : [{ id: 'stray' }]) as LedgerEntry[];
  const passed = await run(
    place,
    standIn,
    async () => {
      for (const name of ['first', 'second', 'third']) {
        judged.push(`${standIn.mode} ${name}`);
        meshproofExpect(wrong()).toBeEmpty();
      }
    },
    { details: twice },
  );
  expect(judged.join(', ')).toBe('PERMISSIVE first, PERMISSIVE second, STRICT first, STRICT second, STRICT third');
  expect(passed.result).toMatchObject({ verdict: 'PASS', control: 'red' });
  expect(passed.result.controlSaid.match(/stray/g)).toHaveLength(1);

  const once = await run(
    place,
    standIn,
    async () => {
      meshproofExpect(wrong()).toBeEmpty();
      meshproofExpect([]).toBeEmpty();
    },
    { details: twice },
  );
  expect(once.result).toMatchObject({ verdict: 'INVALID', control: 'green' });
  expect(once.result.reason).toContain('stayed green in toBeEmpty');

  // A mesh may be so broken that the control cannot turn all of it red. What was red once is believed when it is red again.
  const broken = await run(
    place,
    standIn,
    async () => {
      meshproofExpect([{ id: 'stray' }] as LedgerEntry[]).toBeEmpty();
      meshproofExpect([]).toBeEmpty();
    },
    { details: twice },
  );
  expect(broken.result).toMatchObject({ verdict: 'FAIL', control: 'red' });
});

test('a tool that breaks is never a statement about the mesh', async ({ place, standIn }) => {
  const underControl = await run(place, standIn, async () => {
    throw new Error('no such host');
  });
  expect(underControl.result).toMatchObject({ verdict: 'INCONCLUSIVE', control: 'skipped' });

  const later = await run(place, standIn, async () => {
    expect(standIn.mode).toHold();
    throw new Inconclusive('too few outcomes');
  });
  expect(later.result).toMatchObject({ verdict: 'INCONCLUSIVE', control: 'red', reason: 'too few outcomes' });
});

test('a mesh that does not keep the promise fails in the words of the matcher', async ({ place, standIn }) => {
  let runs = 0;
  const { result, error } = await run(place, standIn, async () => expect(runs++ === 0 ? 'PERMISSIVE' : 'DISABLE').toHold());
  expect(result).toMatchObject({ verdict: 'FAIL', control: 'red', reason: 'the mode is DISABLE' });
  expect(error?.message).toContain('the mode is DISABLE');
  expect(standIn.objects.size).toBe(0);
});

test('without a control nothing is said to be proven', async ({ place, standIn }) => {
  const { result } = await run(place, standIn, async () => expect(standIn.mode).toHold(), { withControl: false });
  expect(result).toMatchObject({ verdict: 'PASS', control: 'skipped' });
});

test('a swap changes who acts, not what is configured', async ({ place, standIn }) => {
  const swap: Details = { control: { because: 'the outsider calls', breaks: 'toHold', swap: { caller: 'outsider' } } };
  const callers: unknown[] = [];
  await run(
    { ...place, control: undefined },
    standIn,
    async ({ caller }) => {
      callers.push(caller);
      expect(callers.length === 1 ? 'PERMISSIVE' : standIn.mode).toHold();
    },
    { details: swap },
  );
  expect(callers).toEqual(['outsider', 'caller']);
  expect(standIn.log.filter((line) => line.startsWith('apply'))).toEqual(Array(2).fill('apply PeerAuthentication/strict STRICT'));
});

test('a rig that cannot be handed back takes the PASS away', async ({ place, standIn }) => {
  const { result } = await run(place, standIn, async () => {
    expect(standIn.mode).toHold();
    standIn.refusesRemoval = true;
  });
  expect(result.verdict).toBe('INCONCLUSIVE');
  expect(result.reason).toContain('the API server is gone');
  expect(standIn.log.at(-1)).toBe('replace');
});

test('a body that does not end is given up in time to clean up', async ({ place, standIn }) => {
  const info = Object.create(plain.info(), { timeout: { value: 400 } }) as TestInfo;
  const never = new Promise<void>(() => undefined);
  const { result } = await run(place, standIn, () => never, { info });
  expect(result).toMatchObject({ verdict: 'INCONCLUSIVE', control: 'skipped' });
  expect(result.reason).toContain('not done within');
  expect(standIn.objects.size).toBe(0);
});

test('without a time limit there is none, and a check passes however long it takes', async ({ place, standIn }) => {
  plain.info().setTimeout(0);
  const { result } = await run(place, standIn, async () => {
    await new Promise((resolve) => setImmediate(resolve));
    expect(standIn.mode).toHold();
  });
  expect(result).toMatchObject({ verdict: 'PASS', control: 'red' });
});
