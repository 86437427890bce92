import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';
import { parseAllDocuments } from 'yaml';

import { MESHES } from '../../clusters/meshes.ts';
import { linksOf } from '../../reporters/documentation.ts';
import { sampleCheck } from './samples.ts';

const SUITES = join(import.meta.dirname, '../../suites');
/** Kinds that only deploy the samples, and that no check is about. */
const CARRIERS = /^(apps\/Deployment|rbac\.authorization\.k8s\.io\/\w+|Service|ServiceAccount|Secret|Namespace|ConfigMap|Pod)$/;

/** The kinds of objects in each manifest, by check. */
function manifests(): { id: string; mesh: string; kinds: string[] }[] {
  return readdirSync(SUITES, { recursive: true, encoding: 'utf8' }).flatMap((file) => {
    const found = new RegExp(String.raw`^(.*)\.(${MESHES.join('|')})\.yaml$`).exec(file);
    if (found === null) return [];
    const documents = parseAllDocuments(readFileSync(join(SUITES, file), 'utf8')).map(
      (document) => document.toJS() as { apiVersion?: string; kind?: string } | null,
    );
    const kinds = documents.flatMap((object) => {
      const { apiVersion = '', kind = '' } = object ?? {};
      return kind === '' ? [] : [apiVersion.includes('/') ? `${apiVersion.split('/')[0]}/${kind}` : kind];
    });
    return [{ id: found[1] ?? '', mesh: found[2] ?? '', kinds }];
  });
}

test('Has a documentation page for every kind of mesh object in a manifest', () => {
  const without = manifests().flatMap(({ id, mesh, kinds }) =>
    kinds
      .filter((kind) => !CARRIERS.test(kind) && linksOf(sampleCheck({ id: 'none/none', mesh, kinds: [kind] })).length === 0)
      .map((kind) => `${id}: ${kind}`),
  );
  expect(without).toEqual([]);
});

test("Links a check without a manifest to its suite's topic, and a reason to its source", () => {
  expect(linksOf(sampleCheck({ id: 'security/forged-identity' }))).toEqual([
    { name: 'istio: security', url: expect.stringContaining('/concepts/security/') },
  ]);
  const links = [{ name: 'documentation', url: 'https://example.org/why' }];
  expect(linksOf(sampleCheck({ links }))).toEqual(links);
});
