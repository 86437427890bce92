import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';

import { expect, test } from '@playwright/test';

import { exec } from '../../clusters/exec.ts';
import { parseUsage, usageScript } from '../../fixtures/load/proxy-usage.ts';

test('Adds up CPU time over processes and threads, and memory over processes', () => {
  const printed = [
    'program envoy',
    'kilobytes 51200',
    'nanoseconds 1500000',
    'nanoseconds 500000',
    'program pilot-agent',
    'kilobytes 10240',
    'nanoseconds 1000000',
    'program node',
    'kilobytes 2048',
    'nanoseconds 7000000',
    '',
  ];
  expect(parseUsage(printed.join('\n'), ['envoy', 'pilot-agent'])).toEqual({ cpuMs: 3, memoryMiB: 60 });
  expect(parseUsage(printed.join('\n'), ['MainThread', 'node'])).toEqual({ cpuMs: 7, memoryMiB: 2 });
});

test('Fails if no process is a proxy, instead of reporting no usage', () => {
  expect(() => parseUsage('', ['envoy'])).toThrow(RangeError);
  expect(() => parseUsage('program envoy\nkilobytes 100\nnanoseconds 0\n', ['envoy'])).toThrow(RangeError);
});

test("Reads the kernel's figures of a running process", async () => {
  test.skip(process.platform !== 'linux', 'there is no /proc');
  const busy = spawn(process.execPath, [
    '-e',
    'process.title = "usage-probe"; for (let i = 0; i < 1e8; i++); console.log("done"); setInterval(() => 0, 1e4)',
  ]);
  try {
    await once(busy.stdout, 'data');
    const comm = (await readFile(`/proc/${busy.pid}/comm`, 'utf8')).trim();
    const { cpuMs, memoryMiB } = parseUsage(await exec('sh', ['-c', usageScript([comm])]), [comm]);
    expect(cpuMs).toBeGreaterThan(10);
    expect(memoryMiB).toBeGreaterThan(20);
    expect(memoryMiB).toBeLessThan(500);
  } finally {
    busy.kill('SIGKILL');
  }
});
