import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters as plain } from 'node:util';

import { expect, test } from '@playwright/test';
import { parseAllDocuments } from 'yaml';

import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { liveOf } from '../../clusters/rigs/ownership.ts';
import type { Conformance } from '../../fixtures/contract/conformance.ts';
import type { Finding } from '../../scripts/doctor/finding.ts';
import { meshproof } from './cluster.ts';
import { createAsOwner, tokenKubeconfig, worldAtRest, worldOf } from './guest.ts';
import { makeTheirCluster } from './their-cluster.ts';
import { plantOwner, Witness } from './witness/witness.ts';

const CHECKS = ['resilience/retries', 'routing/canary-header', 'security/strict-workload', 'security/strict-mesh-wide'];
const MESHED = ['meshproof-rig-0', 'meshproof-rig-0-neighbour'];
const PLACES = [...MESHED, 'meshproof-rig-0-unmeshed'];

/** The owner's restrictions in the namespaces for rigs. The nodes do not enforce network policies, so those only show in the plan. */
function hedges(hard: Record<string, string>): Manifest[] {
  return PLACES.flatMap((namespace) => [
    { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'small', namespace }, spec: { hard } },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'default-deny', namespace },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    },
  ]);
}

test('Follows the rules of an existing cluster, and leaves it as it was @cluster', async () => {
  test.setTimeout(1_200_000);
  const folder = await mkdtemp(join(tmpdir(), 'meshproof-guest-'));
  const theirs = await makeTheirCluster('meshproof-theirs');
  const owner = await KubernetesApi.open(theirs);
  try {
    const label = (names: readonly string[], level: string) =>
      Promise.all(
        names.map((name) =>
          owner.patch(
            { apiVersion: 'v1', kind: 'Namespace', name },
            { metadata: { labels: { 'pod-security.kubernetes.io/enforce': level } } },
          ),
        ),
      );
    await plantOwner(owner, (objects) => createAsOwner(owner, objects));
    const { stdout: rbac } = await meshproof(['rbac', '--workers=1', '--check', ...CHECKS]);
    await createAsOwner(
      owner,
      parseAllDocuments(rbac).map((document) => document.toJS() as Manifest),
    );
    await label(PLACES, 'baseline');
    await createAsOwner(owner, hedges({ pods: '5' }));
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, await tokenKubeconfig(owner, theirs));

    const env = { MESHPROOF_CACHE: join(folder, 'cache') };
    const there = ['--provider=existing', '--context=guest', `--kubeconfig=${kubeconfig}`, '--check', CHECKS.join(','), '--workers=1'];
    const run = (...more: string[]) => meshproof(['test', ...there, '--report', join(folder, 'report'), ...more], env);
    const before = await worldAtRest(owner);

    await test.step('Reports in a plan, in doctor and at the start of a run that Pod Security rejects the proxies', async () => {
      const words = /violates PodSecurity "baseline:latest".*NET_ADMIN/;
      expect((await run('--dry-run')).stdout).toMatch(words);
      const { stdout, exitCode } = await meshproof(['doctor', '--output=json', ...there], env);
      const { findings }: { findings: Finding[] } = JSON.parse(stdout);
      expect(exitCode).toBe(3);
      expect(findings.filter(({ status }) => status === 'failed').map(({ category }) => category)).toEqual(['admission', 'admission']);
      const refused = await run();
      expect(plain(refused.stderr)).toMatch(/^error\[ADMISSION_REFUSED\]: the sample pods would not be admitted to meshproof-rig-0: /m);
      expect(refused.exitCode).toBe(3);
    });

    await test.step('Reports a quota that is too small', async () => {
      await label(MESHED, 'privileged');
      const refused = await run();
      expect(plain(refused.stderr)).toMatch(/ADMISSION_REFUSED.*quota small of meshproof-rig-0 leaves 5 pods, and the samples ask for 6/);
      const larger = { spec: { hard: { pods: '12' } } };
      for (const namespace of PLACES) await owner.patch({ apiVersion: 'v1', kind: 'ResourceQuota', name: 'small', namespace }, larger);
    });

    await test.step('Has created and removed nothing so far', async () => {
      expect(await worldOf(owner)).toEqual(before);
    });

    await test.step('Does what the plan says, skips the mesh-wide check, and leaves nothing', async () => {
      const { stdout: plan } = await run('--dry-run');
      expect(plan).toContain('as system:serviceaccount:meshproof-system:meshproof');
      expect(plan).toContain('uses     the namespaces meshproof-rig-0, meshproof-rig-0-neighbour, meshproof-rig-0-unmeshed, which stay');
      expect(plan).toMatch(/^creates {2}in meshproof-rig-0: NetworkPolicy meshproof, in addition to default-deny, removed at the end$/m);
      expect(plan).toMatch(/^skips {4}security\/strict-mesh-wide: .*--allow-mesh-wide/m);
      expect(plan).not.toMatch(/^refused/m);

      const witness = await Witness.start(owner);
      const ended = new AbortController();
      const watching = witness.watch(ended.signal);
      const done = await run().finally(() => ended.abort());
      await watching.finally(() => witness.close());
      expect(witness.sightings, "changes that the owner's workload and ingress gateway received while the checks ran").toEqual([]);
      const conformance = JSON.parse(await readFile(join(folder, 'report/conformance.json'), 'utf8')) as Conformance;
      expect(conformance.checks.map(({ id, verdict }) => `${verdict} ${id}`).toSorted(), done.all).toEqual([
        'PASS resilience/retries',
        'PASS routing/canary-header',
        'PASS security/strict-workload',
        'UNSUPPORTED security/strict-mesh-wide',
      ]);
      expect(done.exitCode, done.all).toBe(0);
      expect(await worldOf(owner)).toEqual(before);
    });

    await test.step('Reports a missing permission in one sentence', async () => {
      const role = {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        name: 'meshproof-control-plane',
        namespace: 'istio-system',
      };
      await owner.remove(await liveOf(owner, [role]));
      const refused = await run();
      expect(plain(refused.stderr)).toMatch(
        /^error\[FORBIDDEN\]: system:serviceaccount:meshproof-system:meshproof may not .* in istio-system .*which is required to /m,
      );
      expect(refused.exitCode).toBe(3);
    });
  } finally {
    owner.close();
    await theirs.remove();
    await rm(folder, { recursive: true, force: true });
  }
});
