import { test as base } from '@playwright/test';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { AgentClient } from '../../fixtures/agent/client.ts';
import type { LedgerMark, PORTS, ProbeOrder } from '../../fixtures/agent/protocol.ts';

export { expect } from '@playwright/test';

const MAIN = join(import.meta.dirname, '../../fixtures/agent/main.ts');

/** An agent in its own process, on free loopback ports. */
export interface RunningAgent extends AsyncDisposable {
  process: ChildProcess;
  client: AgentClient;
  ports: Record<keyof typeof PORTS, number>;
  /** The address for requests of this protocol. */
  target(protocol: ProbeOrder['protocol']): string;
}

export async function startAgent(pod: string, version: string, { main = MAIN, env = {} } = {}): Promise<RunningAgent> {
  // The only variable of this process that agents get, so that they need not compile their modules again.
  const compiled = process.env['NODE_COMPILE_CACHE'];
  const settings = {
    AGENT_PORTS: 'any',
    AGENT_ADDRESS: '127.0.0.1',
    AGENT_POD: pod,
    AGENT_VERSION: version,
    ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled }),
    ...env,
  };
  const child = spawn(process.execPath, [main], { env: settings, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const kill = (): boolean => child.kill('SIGKILL');
  // A worker that is stopped at the first failure does not dispose of anything.
  process.once('exit', kill);
  const [line] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    ended.then(() => Promise.reject(new Error('the agent ended'))),
  ]);
  const ports: RunningAgent['ports'] = JSON.parse(line).listening;
  const connections = new Agent({ keepAlive: true });
  return {
    process: child,
    client: new AgentClient(connections, { port: ports.control }),
    ports,
    target: (protocol) => `127.0.0.1:${protocol === 'tcp' ? ports.tcp : ports.http}`,
    async [Symbol.asyncDispose]() {
      connections.destroy();
      process.off('exit', kill);
      kill();
      await ended;
    },
  };
}

export const PROTOCOLS = ['http1', 'h2c', 'grpc', 'websocket', 'tcp'] as const;

/** One prober and one server for each worker; before each test the server is healed and `mark` set to the end of its ledger. */
export const test = base.extend<{ mark: LedgerMark }, { prober: RunningAgent; server: RunningAgent }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern to see what a fixture needs
  prober: [({}, use) => provide(startAgent('prober-pod', ''), use), { scope: 'worker' }],
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern to see what a fixture needs
  server: [({}, use) => provide(startAgent('server-pod', 'v1'), use), { scope: 'worker' }],
  mark: [
    async ({ server }, use) => {
      await server.client.setFaults([]);
      await server.client.releaseBarrier();
      await use(await server.client.mark());
    },
    { auto: true },
  ],
});

async function provide(started: Promise<RunningAgent>, use: (agent: RunningAgent) => Promise<void>): Promise<void> {
  await using agent = await started;
  await use(agent);
}
