import { spawn } from 'node:child_process';
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { hostFirewall } from '../../clusters/engine/firewall.ts';
import { privateEngineFiles, type PrivateEngineSettings } from '../../clusters/engine/private-engine-config.ts';
import { engineForRemoval } from '../../clusters/engine/ensure.ts';
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

/** The settings of a second engine, with folders, addresses and a bridge that differ from the default ones. */
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
  'Starts a private engine once, outlives its starter, replaces a killed daemon, keeps one in use, leaves no trace, and starts again for a removal',
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

      // The containers of a cluster that is to be removed are on disk, and only a running engine removes them.
      const { host: dockerHost, dataRoot } = privateEngineFiles(settings);
      const elsewhere = { ...settings, data: join(folder.path, 'another') };
      const engine = await engineForRemoval({ dockerHost, dockerData: dataRoot }, {}, elsewhere);
      expect(engine.data).toBe(dataRoot);
      await expect(engineForRemoval({ dockerHost, dockerData: elsewhere.data }, {}, settings)).rejects.toMatchObject({
        code: 'ENGINE_MISSING',
        message: expect.stringContaining(`not in ${elsewhere.data}`),
      });
      expect(await privateEngineAnswers(settings)).toBe(true);
      expect(await exists(join(settings.run, 'users', String(process.pid)))).toBe(true);
    } finally {
      await stopPrivateEngine({}, settings);
    }
  },
);

test('Reports why an engine cannot start', { tag: '@engine' }, async () => {
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
