import { expect, test } from '@playwright/test';

import type { Finding } from '../../scripts/doctor/finding.ts';
import { meshproof } from './run.ts';

test('doctor --output=json: findings, and an exit code that follows from them', async () => {
  const info = test.info();
  const { exitCode, stdout } = await meshproof(['doctor', '--output=json'], { MESHPROOF_CACHE: info.outputPath('cache') });
  const { healthy, findings }: { healthy: boolean; findings: Finding[] } = JSON.parse(stdout);
  for (const finding of findings) {
    expect(finding).toEqual({
      category: expect.stringMatching(/^[a-z]+$/),
      check: expect.stringMatching(/./),
      status: expect.stringMatching(/^(ok|warning|failed)$/),
      seen: expect.stringMatching(/./),
      ...(finding.status === 'ok' ? {} : { hint: expect.stringMatching(/./) }),
    });
  }
  expect(new Set(findings.map(({ category }) => category)).isSupersetOf(new Set(['machine', 'engine', 'tools', 'cache', 'clusters']))).toBe(
    true,
  );
  expect(healthy).toBe(findings.every(({ status }) => status !== 'failed'));
  expect(exitCode).toBe(healthy ? 0 : 3);
});
