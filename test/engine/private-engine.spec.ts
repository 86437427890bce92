import { spawn } from 'node:child_process';
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { hostFirewall } from '../../clusters/engine/firewall.ts';
import { privateEngineFiles, type PrivateEngineSettings } from '../../clusters/engine/private-engine-config.ts';
import { startPrivateEngine, stopPrivateEngine } from '../../clusters/engine/private-engine.ts';
import { privateEngineAnswers, privateEngineProcesses } from '../../clusters/engine/private-engine-state.ts';
import { endProcess, identify, isAlive } from '../../clusters/engine/processes.ts';
import { until } from '../../clusters/until.ts';
import { scratchFolder } from './scratch.ts';

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** An engine beside the one that may be in use: other folders, addresses and bridge. */
function settingsIn(data: string): PrivateEngineSettings {
  return { run: '/run/meshproof-test', data, bridge: 'meshproof-tst', gateway: '198.18.2.1/24', pool: '198.18.160.0/19' };
}

async function pidOf(settings: PrivateEngineSettings): Promise<number> {
  return Number(await readFile(privateEngineFiles(settings).pid, 'utf8'));
}

async function rulesAbout(bridge: string): Promise<number> {
  const saved = await hostFirewall().saved(4);
  return saved.rules.filter(({ spec }) => spec.includes(bridge)).length;
}

test(
  'a private engine starts once, survives its starter, replaces a killed one, stays while it is needed, and goes without a trace',
  { tag: '@engine' },
  async () => {
    test.skip(process.platform !== 'linux' || process.getuid?.() !== 0, 'only root on Linux starts one');
    test.setTimeout(300_000);
    await using folder = await scratchFolder();
    const settings = settingsIn(folder.path);
    try {
      const said: string[] = [];
      const task = { progress: (description: string) => void said.push(description) };
      const [one, other] = await Promise.all([startPrivateEngine(task, settings), startPrivateEngine(task, settings)]);
      expect(one).toBe(other);
      expect(said.filter((description) => description === 'starting a private Docker engine')).toHaveLength(1);
      expect(await rulesAbout('meshproof-tst')).toBeGreaterThan(1);

      const first = await identify(await pidOf(settings));
      await startPrivateEngine({}, settings);
      expect(await pidOf(settings)).toBe(first.pid);

      process.kill(first.pid, 'SIGKILL');
      await until(async () => !(await isAlive(first)), { what: 'the daemon to be gone', timeoutMs: 10_000 });
      expect(await privateEngineAnswers(settings)).toBe(false);
      await startPrivateEngine({}, settings);
      expect(await privateEngineAnswers(settings)).toBe(true);
      expect(await pidOf(settings)).not.toBe(first.pid);

      const needed = spawn('sleep', ['1000']);
      await writeFile(join(settings.run, 'users', 'other'), JSON.stringify(await identify(needed.pid ?? 0)));
      expect(await stopPrivateEngine({}, settings)).toBe(false);
      expect(await privateEngineAnswers(settings)).toBe(true);
      await endProcess(await identify(needed.pid ?? 0), 5_000);

      expect(await stopPrivateEngine({}, settings)).toBe(true);
      expect(await privateEngineProcesses(settings)).toEqual([]);
      expect(await rulesAbout('meshproof-tst')).toBe(0);
      expect([await exists(settings.run), await exists('/sys/class/net/meshproof-tst')]).toEqual([false, false]);
      expect(await exists(join(folder.path, 'data'))).toBe(true);
    } finally {
      await stopPrivateEngine({}, settings);
    }
  },
);

test('an engine that cannot start says why', { tag: '@engine' }, async () => {
  test.skip(process.platform !== 'linux' || process.getuid?.() !== 0, 'only root on Linux starts one');
  await using folder = await scratchFolder();
  const settings = { ...settingsIn(folder.path), pool: 'not an address' };
  try {
    await expect(startPrivateEngine({}, settings)).rejects.toMatchObject({
      code: 'ENGINE_START',
      message: expect.stringContaining('invalid CIDR'),
    });
  } finally {
    await stopPrivateEngine({}, settings);
  }
});
