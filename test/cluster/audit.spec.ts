import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';
import { parseAllDocuments } from 'yaml';

import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { gatewayApi } from '../../clusters/images/gateway-api.ts';
import { istioVersion } from '../../clusters/istio/versions.ts';
import type { Conformance } from '../../fixtures/contract/conformance.ts';
import { audit, type AuditEvent } from './audited.ts';
import { meshproof } from './cluster.ts';
import { createAsOwner, tokenKubeconfig, worldAtRest, worldOf } from './guest.ts';
import { inWords, unusedGrants } from './rights-used.ts';
import { makeTheirCluster } from './their-cluster.ts';

const GUEST = 'system:serviceaccount:meshproof-system:meshproof';
/** `AUDIT="--suite=routing"` restricts the checks. */
const CHOICE = (process.env['AUDIT'] ?? '').split(' ').filter(Boolean);

const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
/** Requests that change nothing, even if they are a POST. */
const isQuestion = ({ objectRef, requestURI, verb }: AuditEvent): boolean =>
  !WRITES.has(verb) ||
  /^selfsubject|accessreviews$/.test(objectRef?.resource ?? '') ||
  requestURI.includes('dryRun=All') ||
  /\/(portforward|exec)\b/.test(requestURI);

/** Permissions that a run needs only in cases that do not occur in this one. */
const NEEDED_WHEN: readonly (readonly [grant: RegExp, when: string])[] = [
  [/: list events$/, 'a check does not pass'],
  [/-control-plane: get pods\/log$/, 'a check does not pass'],
  [/: (get|create|patch|delete) networkpolicies\./, 'the namespaces of a rig contain network policies of others'],
  [/: watch secrets$/, 'a gateway is created: its Role grants this, and the creator of a Role must hold what it grants'],
];

test("Writes only to the owner's namespaces in a full run on an existing cluster, and uses every permission @cluster", async () => {
  test.setTimeout(3_000_000);
  const folder = await mkdtemp(join(tmpdir(), 'meshproof-audit-'));
  const theirs = await makeTheirCluster('meshproof-theirs');
  const owner = await KubernetesApi.open(theirs);
  try {
    // Checks of kinds that are not served are skipped, and their permissions would seem unused.
    await owner.apply(await gatewayApi(istioVersion().module));
    const { stdout: rbac } = await meshproof(['rbac', '--workers=2', ...CHOICE]);
    const account = parseAllDocuments(rbac).map((document) => document.toJS() as Manifest);
    await createAsOwner(owner, account);
    const events = await audit(`${theirs.name}-control-plane`, GUEST, owner);
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, await tokenKubeconfig(owner, theirs));
    const env = { MESHPROOF_STATE: join(folder, 'state') };
    const there = ['--provider=existing', '--context=guest', `--kubeconfig=${kubeconfig}`, '--namespaces=meshproof', '--workers=2'];
    const before = await worldAtRest(owner);
    const done = await meshproof(['test', ...there, '--report', join(folder, 'report'), ...CHOICE], env);
    process.stdout.write(`${done.stdout.split('\n').slice(-6).join('\n')}\n`);
    const { checks } = JSON.parse(await readFile(join(folder, 'report/conformance.json'), 'utf8')) as Conformance;
    expect(checks.filter(({ verdict }) => verdict === 'PASS').length, done.all).toBeGreaterThan(0);

    const asked = await events();
    const unused = unusedGrants(account, asked).map(inWords);
    expect(unused.filter((words) => !NEEDED_WHEN.some(([grant]) => grant.test(words)))).toEqual([]);

    const writes = asked.filter((event) => !isQuestion(event));
    expect(writes.length).toBeGreaterThan(100);
    const lent = /^meshproof-rig-[01](-neighbour|-unmeshed)?$/;
    const elsewhere = writes.filter(
      ({ objectRef, responseStatus }) => !lent.test(objectRef?.namespace ?? '') && (responseStatus?.code ?? 0) < 400,
    );
    const places = elsewhere.map(
      ({ verb, objectRef }) => `${verb} ${objectRef?.resource ?? ''} ${objectRef?.namespace ?? ''}/${objectRef?.name ?? ''}`,
    );
    expect([...new Set(places)]).toEqual([]);
    expect(await worldOf(owner)).toEqual(before);
  } finally {
    owner.close();
    await theirs.remove();
    await rm(folder, { recursive: true, force: true });
  }
});
