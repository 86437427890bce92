import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { KubernetesApi } from '../../../clusters/kubernetes/api.ts';
import type { Conformance } from '../../../fixtures/contract/conformance.ts';
import { whyNot } from '../../../reporters/format.ts';
import { meshproof } from '../cluster.ts';
import { createAsOwner, worldOf } from '../guest.ts';
import { makeTheirCluster } from '../their-cluster.ts';
import { FOREIGN_MESHES } from './foreign-meshes.ts';

/** `FOREIGN="--suite=routing"` narrows it; then the number of checks that pass is not looked at. */
const CHOICE = (process.env['FOREIGN'] ?? '').split(' ').filter(Boolean);

for (const foreign of FOREIGN_MESHES) {
  test(`on a mesh that does what all of its configuration says no check fails: ${foreign.name} @cluster`, async ({}, info) => {
    test.setTimeout(3_600_000);
    const folder = await mkdtemp(join(tmpdir(), 'meshproof-foreign-'));
    const theirs = await makeTheirCluster(`meshproof-${foreign.name}`, foreign);
    const owner = await KubernetesApi.open(theirs);
    try {
      const { namespaces = [], objects, revision } = foreign;
      await createAsOwner(
        owner,
        namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
      );
      await createAsOwner(owner, objects);
      const before = await worldOf(owner);
      const there = ['--provider=existing', `--context=${theirs.context}`, `--kubeconfig=${theirs.kubeconfig}`];
      const which = revision === undefined ? [] : [`--revision=${revision}`];
      const env = { MESHPROOF_STATE: join(folder, 'state') };
      const done = await meshproof(['test', ...there, ...which, '--report', join(folder, 'report'), ...CHOICE], env);
      await info.attach('console', { body: done.all, contentType: 'text/plain' });
      const { checks } = JSON.parse(await readFile(join(folder, 'report/conformance.json'), 'utf8')) as Conformance;
      const wrong = checks.filter(({ verdict }) => verdict !== 'PASS' && verdict !== 'UNSUPPORTED');
      expect(wrong.map((check) => `${check.verdict} ${check.id}: ${whyNot(check)}`)).toEqual([]);
      expect(checks.filter(({ verdict, control }) => verdict === 'PASS' && control !== 'red')).toEqual([]);
      if (CHOICE.length === 0) expect(checks.filter(({ verdict }) => verdict === 'PASS').length).toBeGreaterThanOrEqual(foreign.atLeast);
      expect(await worldOf(owner)).toEqual(before);
    } finally {
      owner.close();
      await theirs.remove();
      await rm(folder, { recursive: true, force: true });
    }
  });
}
