import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';
import { parseAllDocuments } from 'yaml';

import { linksOf } from '../../reporters/documentation.ts';
import { sampleCheck } from './samples.ts';

const SUITES = join(import.meta.dirname, '../../suites');
/** What only carries the samples, and is nobody's promise. */
const CARRIERS = /^(apps\/Deployment|rbac\.authorization\.k8s\.io\/\w+|Service|ServiceAccount|Secret|Namespace|ConfigMap|Pod)$/;

/** The kinds of objects in each manifest of each check, by check. */
function manifests(): { id: string; mesh: string; kinds: string[] }[] {
  return readdirSync(SUITES, { recursive: true, encoding: 'utf8' }).flatMap((file) => {
    const found = /^(.*)\.(istio|linkerd)\.yaml$/.exec(file);
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

test('every kind of mesh object in a manifest has a page of documentation', () => {
  const without = manifests().flatMap(({ id, mesh, kinds }) =>
    kinds
      .filter((kind) => !CARRIERS.test(kind) && linksOf(sampleCheck({ id: 'none/none', mesh, kinds: [kind] })).length === 0)
      .map((kind) => `${id}: ${kind}`),
  );
  expect(without).toEqual([]);
});

test('a check without a manifest leads to what its suite is about, and a reason leads to its source', () => {
  expect(linksOf(sampleCheck({ id: 'security/forged-identity' }))).toEqual([
    { name: 'istio: security', url: expect.stringContaining('/concepts/security/') },
  ]);
  const links = [{ name: 'documentation', url: 'https://example.org/why' }];
  expect(linksOf(sampleCheck({ links }))).toEqual(links);
});
