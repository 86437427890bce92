import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

import { expect, test } from '@playwright/test';

import { PathProbe } from '../../clusters/kind/path-probe.ts';

const TO = { host: '127.0.0.1', port: 9 };

test('Gives up on a program that prints nothing at its start', async () => {
  const opened = PathProbe.open({ command: ['sh', '-c', 'exec sleep 60'] }, TO, 200);
  await expect(opened).rejects.toMatchObject({
    code: 'NODE_PROCESS',
    message: expect.stringContaining('did not measure a path within 0.2 s'),
  });
});

test('Gives up on a program that stops answering later', async () => {
  const probe = await PathProbe.open({ command: ['sh', '-c', 'echo open; exec sleep 60'] }, TO, 2_000);
  await expect(probe.look()).rejects.toMatchObject({
    code: 'NODE_PROCESS',
    message: expect.stringContaining('did not measure a path within 2 s'),
  });
  await expect(probe.look()).rejects.toMatchObject({ code: 'NODE_PROCESS' });
});

test('Sends a request only if it tests the old connection, and nothing on a new one', async () => {
  const received: string[] = [];
  const server = createServer((socket) => socket.on('error', () => undefined).on('data', (data) => received.push(data.toString())));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const probe = await PathProbe.open({ command: [] }, { host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  try {
    expect(await probe.look({ kept: false })).toMatchObject({ old: 'open', fresh: 'open' });
    // Anything that the first measurement had sent would arrive before the request of the second one.
    expect(await probe.look()).toMatchObject({ old: 'open', fresh: 'open' });
    await expect.poll(() => received.join('')).toBe('GET / HTTP/1.1\r\nhost: probe\r\n\r\n');
  } finally {
    probe.close();
    server.close();
  }
});
