import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';
import { parseAllDocuments } from 'yaml';

import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import type { Conformance } from '../../fixtures/contract/conformance.ts';
import { audit, type AuditEvent } from './audited.ts';
import { meshproof } from './cluster.ts';
import { createAsOwner, tokenKubeconfig, worldOf } from './guest.ts';
import { makeTheirCluster } from './their-cluster.ts';

const GUEST = 'system:serviceaccount:meshproof-system:meshproof';
/** `AUDIT="--suite=routing"` narrows it. */
const CHOICE = (process.env['AUDIT'] ?? '').split(' ').filter(Boolean);

/** Questions, which are asked by a POST and change nothing. */
const isQuestion = ({ objectRef, requestURI }: AuditEvent): boolean =>
  /^selfsubject|accessreviews$/.test(objectRef?.resource ?? '') ||
  requestURI.includes('dryRun=All') ||
  /\/(portforward|exec)\b/.test(requestURI);

test('every write of a full run on a lent cluster lies in the lent namespaces @cluster', async () => {
  test.setTimeout(3_000_000);
  const folder = await mkdtemp(join(tmpdir(), 'meshproof-audit-'));
  const theirs = await makeTheirCluster('meshproof-theirs');
  const owner = await KubernetesApi.open(theirs);
  try {
    const { stdout: rbac } = await meshproof(['rbac', '--workers=2', ...CHOICE]);
    await createAsOwner(
      owner,
      parseAllDocuments(rbac).map((document) => document.toJS() as Manifest),
    );
    const events = await audit(`${theirs.name}-control-plane`, GUEST, owner);
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, await tokenKubeconfig(owner, theirs));
    const env = { MESHPROOF_STATE: join(folder, 'state') };
    const there = ['--provider=existing', '--context=guest', `--kubeconfig=${kubeconfig}`, '--namespaces=meshproof', '--workers=2'];
    const before = await worldOf(owner);
    const done = await meshproof(['test', ...there, '--report', join(folder, 'report'), ...CHOICE], env);
    process.stdout.write(`${done.stdout.split('\n').slice(-6).join('\n')}\n`);
    const { checks } = JSON.parse(await readFile(join(folder, 'report/conformance.json'), 'utf8')) as Conformance;
    expect(checks.filter(({ verdict }) => verdict === 'PASS').length, done.all).toBeGreaterThan(0);

    const writes = (await events()).filter((event) => !isQuestion(event));
    expect(writes.length).toBeGreaterThan(100);
    const lent = /^meshproof-rig-[01](-neighbour|-unmeshed)?$/;
    const elsewhere = writes.filter(
      ({ objectRef, responseStatus }) => !lent.test(objectRef?.namespace ?? '') && (responseStatus?.code ?? 0) < 400,
    );
    const inWords = elsewhere.map(
      ({ verb, objectRef }) => `${verb} ${objectRef?.resource ?? ''} ${objectRef?.namespace ?? ''}/${objectRef?.name ?? ''}`,
    );
    expect([...new Set(inWords)]).toEqual([]);
    expect(await worldOf(owner)).toEqual(before);
  } finally {
    owner.close();
    await theirs.remove();
    await rm(folder, { recursive: true, force: true });
  }
});
