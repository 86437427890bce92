import { join } from 'node:path';

import { expect } from '@playwright/test';

import { checkManifests } from '../../scripts/run/preflight.ts';
import { test, writeSuites } from './suite-folder.ts';

const NAMESPACE = (name: string): string => `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n`;
const ACCOUNT = (namespace: string): string => `apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: a, namespace: ${namespace} }\n`;

const MANIFESTS: Record<string, [isMeshWide: boolean, text: string]> = {
  'in-the-rig': [false, 'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: a }\n'],
  'outside-the-rig': [false, ACCOUNT('$(OUTSIDE)')],
  'own-namespace': [false, `${NAMESPACE('$(NAMESPACE)-later')}---\n${ACCOUNT('$(NAMESPACE)-later')}`],
  'not-made': [true, ACCOUNT('$(NAMESPACE)-later')],
  'made-by-another': [true, `${NAMESPACE('$(NAMESPACE)-later')}---\n${ACCOUNT('$(NAMESPACE)-sooner')}`],
  'the-rig-itself': [true, NAMESPACE('$(NAMESPACE)')],
  'a-part-of-the-rig': [true, NAMESPACE('$(OUTSIDE)')],
  'a-stranger': [true, NAMESPACE('production')],
  'the-root': [true, ACCOUNT('$(ROOT_NAMESPACE)')],
};

test('a check touches more than its rig when others than the rig and the namespaces that it makes itself feel it', async ({ folder }) => {
  const files = Object.entries(MANIFESTS).map(([stem, [, text]]): [string, string] => [`s/${stem}.istio.yaml`, text]);
  await writeSuites(folder, Object.fromEntries(files));
  const checks = Object.keys(MANIFESTS).map((stem) => ({ id: stem, suite: 's', file: join(folder, 'suites/s', `${stem}.spec.ts`) }));
  const { meshWide, applied } = await checkManifests(checks, 'istio');
  expect(meshWide).toEqual(Object.keys(MANIFESTS).filter((stem) => MANIFESTS[stem]?.[0]));
  expect(applied.kinds).toEqual([{ group: '', kind: 'ServiceAccount' }]);
});
