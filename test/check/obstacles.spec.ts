import { expect, test } from '@playwright/test';

import type { Details } from '../../fixtures/check/definition.ts';
import { examine } from '../../fixtures/check/examine.ts';
import { checkOnRig } from '../../fixtures/check/manifests.ts';
import { obstacleTo } from '../../fixtures/check/obstacles.ts';
import type { CheckFiles } from '../../fixtures/contract/catalogue.ts';
import type { Rig } from '../../fixtures/rig/rig.ts';
import { StandInRig } from './stand-in-rig.ts';

const place: CheckFiles = {
  id: 'a/b',
  suite: 'a',
  stem: 'b',
  spec: '/a/b.spec.ts',
  manifest: undefined,
  control: undefined,
  change: undefined,
};

test('Queries the circumstances of a check once on an existing cluster too, and reads its manifests once', async ({}, info) => {
  const asked: string[] = [];
  const { rig: standing, circumstances } = new StandInRig();
  const rig = Object.assign(standing, { provider: 'existing' }) as Rig;
  Object.assign(rig.mesh, {
    circumstances: async (assumes: readonly string[]) => {
      asked.push(`circumstances of ${assumes.join()}`);
      return circumstances;
    },
  });
  const variables = async () => {
    asked.push('variables');
    return {};
  };
  const details: Details = { control: { because: 'nothing', mustFail: {} }, assumes: ['plaintext'], variables };
  const check = checkOnRig({ place, details, rig });
  expect(await obstacleTo(check)).toBeUndefined();
  await examine({ ...check, body: async () => undefined, withControl: false, limitMs: 0, info });
  expect(asked).toEqual(['circumstances of plaintext', 'variables']);
});
