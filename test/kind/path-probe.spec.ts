import { expect, test } from '@playwright/test';

import { PathProbe } from '../../clusters/kind/path-probe.ts';

const TO = { host: '127.0.0.1', port: 9 };

test('a program on a node that says nothing is not waited for without end', async () => {
  const opened = PathProbe.open({ command: ['sh', '-c', 'exec sleep 60'] }, TO, 200);
  await expect(opened).rejects.toMatchObject({ code: 'NODE_PROCESS', message: /did not look along a path within 0\.2 s/ });
});

test('a program on a node that falls silent later is not either', async () => {
  const probe = await PathProbe.open({ command: ['sh', '-c', 'echo open; exec sleep 60'] }, TO, 2_000);
  await expect(probe.look()).rejects.toMatchObject({ code: 'NODE_PROCESS', message: /within 2 s/ });
  await expect(probe.look()).rejects.toMatchObject({ code: 'NODE_PROCESS' });
});
