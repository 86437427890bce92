import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test as base } from '@playwright/test';

import type { Lock } from '../../clusters/images/lock.ts';
import { obstacleToBuilding } from '../../clusters/images/node-built.ts';
import { publishedImages } from '../../clusters/images/node-pulled.ts';
import { onPath } from '../../clusters/images/packages.ts';
import { ISTIO } from '../../clusters/istio/module.ts';
import type { Conformance } from '../../fixtures/contract/conformance.ts';
import { scratchFolder } from '../engine/scratch.ts';
import { newLaptop, type Laptop } from './laptop.ts';
import { publishImages, publishPrograms } from './publish.ts';
import { openPublishers, type Publishers } from './publishers.ts';

/** Why the stand-ins cannot be started here. */
async function obstacle(): Promise<string | undefined> {
  if ((await onPath('dockerd')) === undefined || (await onPath('unshare')) === undefined) return 'it takes dockerd and unshare';
  return await obstacleToBuilding();
}

const test = base.extend<object, { publishers: Publishers; laptop: Laptop }>({
  publishers: [
    async ({}, use) => {
      await using folder = await scratchFolder();
      const publishers = await openPublishers(folder.path);
      await using _ = publishers.room;
      await publishPrograms(publishers, {});
      await use(publishers);
    },
    { scope: 'worker', timeout: 3_600_000 },
  ],
  laptop: [
    async ({ publishers }, use) => {
      await using folder = await scratchFolder();
      const laptop = await newLaptop(folder.path, publishers);
      await laptop.install();
      await use(laptop);
    },
    { scope: 'worker', timeout: 1_800_000 },
  ],
});

const SKIP = await obstacle();
test.skip(SKIP !== undefined, SKIP);

const pulledIn = async ({ cache }: Laptop): Promise<string[]> => await readdir(join(cache, 'artifacts')).catch(() => []);

const FAULTS: [fault: string, means: RegExp][] = [
  ['429', /the registry has reached its rate limit for pulls/],
  ['401', /the registry requires credentials/],
  ['404', /the registry has no such image/],
  ['500', /500 Internal Server Error/],
  ['half', /EOF|HTTP 206/],
];

for (const [fault, means] of FAULTS) {
  test(
    `Names the failure of a registry that answers ${fault}, and keeps nothing of its images`,
    { tag: '@pulled' },
    async ({ publishers, laptop }) => {
      test.setTimeout(300_000);
      const { room, faults } = publishers;
      const { exitCode, said } = await laptop.run(
        'npx',
        'meshproof',
        'images',
        'save',
        'archives',
        '--images=pull',
        `--registry=${faults}/${fault}`,
      );
      expect(said).toMatch(/PULL_FAILED/);
      expect(said).toMatch(means);
      expect(exitCode).toBe(3);
      expect(await pulledIn(laptop)).toEqual([]);
      expect(await room.exec(['docker', 'image', 'ls', '--quiet'])).toBe('');
    },
  );
}

test(
  'Reaches a verdict with npm ci and npm test without root, a compiler or packages of the distribution',
  { tag: '@pulled' },
  async ({ publishers, laptop }, info) => {
    test.setTimeout(3_600_000);
    const { room } = publishers;
    await publishImages(publishers, {});
    const transcript: string[] = [];
    const run = async (...command: string[]) => {
      const outcome = await laptop.run(...command);
      transcript.push(`$ ${command.join(' ')}\n${outcome.said}\n`);
      return outcome;
    };
    try {
      await run('npx', 'meshproof', 'images', 'lock');
      const lock: Lock = JSON.parse(await readFile(join(laptop.checkout, 'clusters/images/lock.json'), 'utf8'));
      const unlocked = publishedImages(ISTIO.images()).filter((name) => !/^sha256:[0-9a-f]{64}$/.test(lock.images[name] ?? ''));
      expect(unlocked).toEqual([]);
      expect(Object.keys(lock.downloads).map((url) => new URL(url).host)).toEqual(['github.com', 'github.com']);

      const doctor = await run('npx', 'meshproof', 'doctor');
      expect(doctor.said).toContain(`they will be pulled from https://${publishers.registry}`);
      expect(doctor.said).toContain('pulled images are pinned: each by its digest');

      const { exitCode, said } = await run('npm', 'test', '--', '--check=routing/canary-header');
      expect(exitCode, said).toBe(0);
      const conformance: Conformance = JSON.parse(await readFile(join(laptop.checkout, 'meshproof-report/conformance.json'), 'utf8'));
      expect(conformance.checks).toMatchObject([{ id: 'routing/canary-header', verdict: 'PASS', control: 'red' }]);
      const {
        timings,
        run: { environment },
      } = conformance;
      expect(environment['unpinned']).toBeUndefined();
      const { imagesMs, ...afterImages } = timings;
      const firstVerdictMs = Object.values(afterImages).reduce<number>(
        (sum, ms) => sum + (ms ?? 0),
        conformance.checks[0]?.durationMs ?? 0,
      );
      transcript.push(`images ${imagesMs} ms, first verdict ${firstVerdictMs} ms after them`);
      expect(firstVerdictMs).toBeLessThan(180_000);
      expect((await pulledIn(laptop)).filter((name) => !/^(pulled|release)-/.test(name))).toEqual([]);
      expect(await room.exec(['docker', 'ps', '--all', '--quiet'])).toBe('');
    } finally {
      await info.attach('transcript', { body: transcript.join('\n'), contentType: 'text/plain' });
    }
  },
);
