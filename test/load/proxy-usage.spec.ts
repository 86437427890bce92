import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';

import { expect, test } from '@playwright/test';

import { exec } from '../../clusters/exec.ts';
import { parseUsage, usageScript } from '../../fixtures/load/proxy-usage.ts';

test('processor time is summed over processes and their threads, memory over processes', () => {
  const printed = [
    'program envoy',
    'kilobytes 51200',
    'nanoseconds 1500000',
    'nanoseconds 500000',
    'program pilot-agent',
    'kilobytes 10240',
    'nanoseconds 1000000',
    '',
  ];
  expect(parseUsage(printed.join('\n'))).toEqual({ cpuMs: 3, memoryMiB: 60 });
});

test('no proxy among the processes is an error, not a proxy that uses nothing', () => {
  expect(() => parseUsage('')).toThrow(RangeError);
  expect(() => parseUsage('program envoy\nkilobytes 100\nnanoseconds 0\n')).toThrow(RangeError);
});

test('the script reads what the kernel says about a process that runs', async () => {
  test.skip(process.platform !== 'linux', 'there is no /proc');
  const busy = spawn(process.execPath, [
    '-e',
    'process.title = "usage-probe"; for (let i = 0; i < 1e8; i++); console.log("done"); setInterval(() => 0, 1e4)',
  ]);
  try {
    await once(busy.stdout, 'data');
    const comm = (await readFile(`/proc/${busy.pid}/comm`, 'utf8')).trim();
    const { cpuMs, memoryMiB } = parseUsage(await exec('sh', ['-c', usageScript([comm])]));
    expect(cpuMs).toBeGreaterThan(10);
    expect(memoryMiB).toBeGreaterThan(20);
    expect(memoryMiB).toBeLessThan(500);
  } finally {
    busy.kill('SIGKILL');
  }
});
