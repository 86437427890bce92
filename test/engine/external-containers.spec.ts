import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

import { expect, test } from '@playwright/test';

import { removeExternalContainers, startExternalContainer, type ExternalContainerOptions } from '../../clusters/external/containers.ts';
import { containerLeftovers } from '../../clusters/engine/containers.ts';
import type { Engine } from '../../clusters/engine/engine.ts';
import { ensureEngine } from '../../clusters/engine/ensure.ts';
import { stopPrivateEngine } from '../../clusters/engine/private-engine.ts';
import { ensureHermeticNetwork } from '../../clusters/engine/hermetic.ts';
import { ensureExternalImages } from '../../clusters/external/images.ts';

const CLUSTER = 'meshproof-nobody';
const SITE: ExternalContainerOptions = {
  image: 'nginx',
  cluster: CLUSTER,
  entrypoint: ['nginx', '-c', '/etc/website/nginx.conf'],
  files: { '/etc/website/nginx.conf': 'daemon off; user nginx; pid /tmp/nginx.pid; error_log /dev/stderr notice; events {}' },
  ready: { says: /start worker process / },
};

/** Names of the running external services of this test's cluster. */
async function standing(engine: Engine): Promise<string[]> {
  const names = await engine.docker(['ps', '--all', '--filter', `label=meshproof.cluster=${CLUSTER}`, '--format', '{{.Names}}']);
  return names.split('\n').filter(Boolean);
}

/** Starts a container from a process that is then killed; returns the container's name. */
async function startAndDie(engine: Engine): Promise<void> {
  const from = (path: string) => JSON.stringify(new URL(`../../clusters/${path}.ts`, import.meta.url).href);
  // A regular expression cannot be written as JSON.
  const options = JSON.stringify({ ...SITE, ready: {} });
  const program = `
    import { startExternalContainer } from ${from('external/containers')};
    import { engineAt } from ${from('engine/engine')};
    const options = { ...${options}, ready: { says: ${String(SITE.ready.says)} } };
    await startExternalContainer(await engineAt(${JSON.stringify(engine.host)}), options);
    process.kill(process.pid, 'SIGKILL');`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['ignore', 'ignore', 'pipe'] });
  const said = text(child.stderr);
  const [, signal]: unknown[] = await once(child, 'exit');
  expect(signal, await said).toBe('SIGKILL');
}

test('Ties an external service to its process, and removes it with that or with the cluster', { tag: '@engine' }, async () => {
  test.setTimeout(300_000);
  const engine = await ensureEngine({ allowPrivate: true });
  try {
    await ensureHermeticNetwork(engine);
    await ensureExternalImages(['nginx'], { from: 'auto' }, engine, {});
    const left = async () => (await containerLeftovers(engine, {})).filter(({ what }) => what.includes('-external-nginx-'));

    const site = await startExternalContainer(engine, SITE);
    const [name = ''] = await standing(engine);
    expect(site.address).toMatch(/^198\.18\./);
    expect((await left()).map(({ what }) => what)).not.toContain(`container ${name}`);
    await site.stop();
    expect(await standing(engine)).toEqual([]);

    await startAndDie(engine);
    const [orphan = ''] = await standing(engine);
    const found = (await left()).filter(({ what }) => what === `container ${orphan}`);
    expect(found).toHaveLength(1);
    await found[0]?.remove();
    expect(await standing(engine)).toEqual([]);

    await startAndDie(engine);
    await removeExternalContainers(CLUSTER, engine);
    expect(await standing(engine)).toEqual([]);

    const failure: unknown = await startExternalContainer(engine, { ...SITE, files: {} }).catch((error: unknown) => error);
    expect(String(failure)).toMatch(/did not become ready.*\n.*nginx\.conf/s);
    expect(await standing(engine)).toEqual([]);
  } finally {
    await removeExternalContainers(CLUSTER, engine);
    await stopPrivateEngine();
  }
});
