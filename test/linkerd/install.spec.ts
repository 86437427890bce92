import { readFile, writeFile } from 'node:fs/promises';

import { expect, test, type TestInfo } from '@playwright/test';

import { installLinkerd, stagesOf, uninstallLinkerd } from '../../clusters/linkerd/install.ts';
import { LinkerdInjector } from '../../clusters/linkerd/injector.ts';
import { LinkerdTool } from '../../clusters/linkerd/tool.ts';
import type { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import type { LiveObject, ObjectRef } from '../../clusters/kubernetes/live-object.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import type { ClusterAccess } from '../../clusters/mesh/access.ts';

const PLACE = { version: 'edge-1', kubeconfig: 'some/kubeconfig', context: 'kind-one' };
const PRINTED = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: "'"$1"'" }\n---\n---\napiVersion: v1\nkind: Namespace\nmetadata: { name: linkerd }\n`;

/** A stand-in for the command that records its arguments and its input, and prints two objects. */
async function program(info: TestInfo): Promise<{ linkerd: string; recorded: () => Promise<string[]> }> {
  const [linkerd, recorded] = [info.outputPath('linkerd'), info.outputPath('recorded')];
  await writeFile(recorded, '');
  const body = `echo "$@" >> '${recorded}'\ncase "$*" in *" - "*) cat >> '${recorded}'; echo >> '${recorded}';; esac\nprintf '%s' '${PRINTED}'\n`;
  await writeFile(linkerd, `#!/bin/sh\n${body}`, { mode: 0o755 });
  return { linkerd, recorded: async () => (await readFile(recorded, 'utf8')).trim().split('\n') };
}

/** An API server that records requests. */
class Server {
  applied: string[] = [];
  removed: string[] = [];

  async apply(objects: readonly Manifest[]): Promise<LiveObject[]> {
    this.applied.push(...objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
    return [];
  }

  async find({ apiVersion, kind, name }: ObjectRef): Promise<LiveObject | undefined> {
    return kind === 'Namespace'
      ? undefined
      : { apiVersion, kind, metadata: { name, uid: 'u', resourceVersion: '1', creationTimestamp: '' } };
  }

  async remove(objects: readonly LiveObject[]): Promise<void> {
    this.removed.push(...objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  }
}

const at = (server: Server) => server as unknown as KubernetesApi;

test('Applies what the command prints: definitions, control plane, extension; passes keys on standard input only', async ({}, info) => {
  const { linkerd, recorded } = await program(info);
  const server = new Server();
  await installLinkerd({ linkerd, ...PLACE }, at(server), {}, {});
  const [crds = '', control = '', values = '', viz = ''] = await recorded();
  expect(crds).toBe('install --crds --ignore-cluster --kubeconfig some/kubeconfig --context kind-one');
  expect(control).toMatch(/^install --ignore-cluster --values - --kubeconfig /);
  expect(JSON.parse(values)).toMatchObject({ disableHeartBeat: true, identity: { issuer: { tls: { keyPEM: expect.any(String) } } } });
  // The syntax that the command accepts as a log level.
  expect(JSON.parse(values).proxy.logLevel).toMatch(/^([\w:]+(=(trace|debug|warn|info|error))?(,|$))+$/);
  expect(viz).toMatch(/^viz install --ignore-cluster --kubeconfig /);
  expect(server.applied).toEqual([
    'ConfigMap install',
    'Namespace linkerd',
    'ConfigMap install',
    'Namespace linkerd',
    'ConfigMap viz',
    'Namespace linkerd',
  ]);
});

test('Waits for the identity service, then the destination service, then all others', () => {
  const names = ['linkerd-proxy-injector', 'linkerd-destination', 'linkerd-identity', 'other'];
  const programs = names.map((name): Manifest => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name } }));
  const service: Manifest = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'linkerd-identity' } };
  const stages = stagesOf([...programs, service]).map((stage) => stage.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  expect(stages).toEqual([
    ['Service linkerd-identity'],
    ['Deployment linkerd-identity'],
    ['Deployment linkerd-destination'],
    ['Deployment linkerd-proxy-injector', 'Deployment other'],
  ]);
});

test("Uses the command's own profile for high availability", async ({}, info) => {
  const { linkerd, recorded } = await program(info);
  await installLinkerd({ linkerd, ...PLACE }, at(new Server()), { highAvailability: true }, {});
  const lines = (await recorded()).filter((line) => line.includes('--ha'));
  expect(lines.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(['install --ignore-cluster', 'viz install']);
});

test('Removes what the command names and what exists, the extension first', async ({}, info) => {
  const { linkerd, recorded } = await program(info);
  const server = new Server();
  await uninstallLinkerd({ linkerd, ...PLACE }, at(server), {});
  expect((await recorded()).map((line) => line.replace(/ --kubeconfig.*/, ''))).toEqual(['viz uninstall', 'uninstall']);
  expect(server.removed).toEqual(['ConfigMap viz', 'ConfigMap uninstall']);
});

test("Injects the proxy's containers into a manifest with the command", async ({}, info) => {
  const { linkerd, recorded } = await program(info);
  const injector = new LinkerdInjector(at(new Server()), async () => ({ linkerd, ...PLACE }));
  const workload: Manifest = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'one' } };
  const made = await injector.inject([workload]);
  expect(made.map(({ kind }) => kind)).toEqual(['ConfigMap', 'Namespace']);
  const [args, , given = ''] = await recorded();
  expect(args).toMatch(/^inject --manual - --kubeconfig/);
  expect(JSON.parse(given)).toEqual(workload);
});

test("Does not ask the project's server for the newest version in a preflight", async ({}, info) => {
  const { linkerd, recorded } = await program(info);
  const tool = new LinkerdTool(async () => ({ linkerd, ...PLACE }), {} as ClusterAccess);
  // The stand-in prints no report.
  await tool.preflight('alice').catch(() => undefined);
  const asked = 'check --pre --wait 5s --output json --expected-version edge-1 --as alice --kubeconfig some/kubeconfig --context kind-one';
  expect(await recorded()).toEqual([asked]);
});
