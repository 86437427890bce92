import { Writable } from 'node:stream';

import { expect, test } from '@playwright/test';

import { startProgress } from '../../scripts/console/progress.ts';

class Console extends Writable {
  said = '';
  isTTY = false;
  columns = 40;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.said += chunk.toString();
    done();
  }
}

test('Prints a step once if output is not a terminal, and again every 30 s', async () => {
  const stream = new Console();
  let now = 0;
  const progress = startProgress({ stream, now: () => now, everyMs: 1 });
  progress.say('building the images');
  progress.say('building the images');
  now = 31_000;
  await expect.poll(() => stream.said).toContain('still');
  now = 40_000;
  progress.say('waiting for istiod');
  progress.pause();
  expect(stream.said).toBe('   0 s  building the images\n  31 s  still: building the images (31 s)\n  40 s  waiting for istiod\n');
});

test('Prints a state that changes all the time four times a minute if output is not a terminal', () => {
  const stream = new Console();
  let now = 0;
  const progress = startProgress({ stream, now: () => now });
  for (; now < 31_000; now += 1_000) progress.show(`${now / 1_000} requests`);
  progress.pause();
  expect(stream.said).toBe('   0 s  0 requests\n  15 s  15 requests\n  30 s  30 requests\n');
});

test("Updates one line on a terminal, which shows the step's duration and never wraps", () => {
  const before = process.env['CI'];
  delete process.env['CI'];
  const stream = new Console();
  stream.isTTY = true;
  let now = 0;
  const progress = startProgress({ stream, now: () => now });
  progress.say('one');
  now = 3_000;
  progress.say('another thing that is far too long for the line');
  progress.pause();
  if (before !== undefined) process.env['CI'] = before;
  const [, ...drawn] = stream.said.split('\r\u001B[K');
  expect(drawn).toEqual(['   0 s  one', '   3 s  another thing that is far too l', '']);
});
