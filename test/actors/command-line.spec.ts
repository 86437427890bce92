import { FACTS } from '../../clusters/istio/facts.ts';
import type { MeshAdapter, MeshTool, ReportedProxy } from '../../clusters/mesh/adapter.ts';
import { CommandLine } from '../../fixtures/actors/command-line.ts';
import { toAgreeOnVersion } from '../../fixtures/matchers/versions.ts';
import type { StandInApi } from '../kubernetes/stand-in-api.ts';
import { expect, test } from '../kubernetes/on-stand-in.ts';

const adapter = (proxies: ReportedProxy[]): MeshAdapter => {
  const tool: Pick<MeshTool, 'versions'> = { versions: () => Promise.resolve({ client: '1.31', controlPlane: ['1.31'], proxies }) };
  return { facts: FACTS, tool } as Pick<MeshAdapter, 'facts'> as MeshAdapter;
};

function podIn(server: StandInApi, namespace: string, name: string, deletionTimestamp?: string): void {
  const metadata = { namespace, name, ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) };
  server.objects.set(`/api/v1/namespaces/${namespace}/pods/${name}`, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { containers: [{ name: 'istio-proxy' }] },
  });
}

test("Reports only the versions of the rig's remaining pods, and not of terminating gateways or other namespaces", async ({
  server,
  api,
}) => {
  podIn(server, 'rig', 'caller');
  podIn(server, 'rig', 'ingressgateway', '2026-11-29T00:00:00Z');
  const proxies = [
    { pod: 'rig/caller', version: '1.31', stale: [] },
    { pod: 'rig/ingressgateway', version: '1.31', stale: ['Secret NOT_SENT'] },
    { pod: 'rig/gone', version: '1.20', stale: ['no status'] },
  ];
  const report = await new CommandLine(adapter(proxies), api, ['rig']).versions();
  expect(report.proxies.map(({ pod }) => pod)).toEqual(['rig/caller']);
  expect(toAgreeOnVersion(report).pass).toBe(true);
});

test('Reports a remaining pod of the rig that is behind', async ({ server, api }) => {
  podIn(server, 'rig', 'caller');
  podIn(server, 'rig', 'server');
  const report = await new CommandLine(adapter([{ pod: 'rig/caller', version: '1.20', stale: [] }]), api, ['rig']).versions();
  expect(toAgreeOnVersion(report)).toMatchObject({ pass: false });
  expect(report.pods.toSorted()).toEqual(['rig/caller', 'rig/server']);
});
