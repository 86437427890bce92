import { expect, test } from '@playwright/test';

import { exec } from '../../clusters/exec.ts';
import { networkScript, tableOf, type NetworkChange } from '../../clusters/kind/network-rules.ts';

const ID = 'a1b2c3';
const CHANGES: readonly NetworkChange[] = [{ kind: 'drop' }, { kind: 'latency', ms: 1 }];

/** Whether the revert of a change succeeds if commands in the pod behave like this. */
async function isReverted(change: NetworkChange, inPod: string): Promise<boolean> {
  const { revert } = networkScript({ uid: 'u' }, change, ID);
  // Run like by the process on a node.
  const said = await exec('bash', ['-c', `delayer_PID=; ${inPod}; (set -e; ${revert}) && echo reverted; true`]);
  return said.split('\n').includes('reverted');
}

test('Does not treat a network change as reverted if neither its removal nor the list succeeds', async () => {
  for (const change of CHANGES) expect.soft(await isReverted(change, 'in_pod() { return 1; }'), change.kind).toBe(false);
});

test('Treats a network change as reverted if it is gone or was never applied, but not if it remains', async () => {
  const lists = (text: string): string => `in_pod() { case "$*" in *' list '*|*' -S '*) echo '${text}';; *) return 1;; esac; }`;
  for (const change of CHANGES) {
    expect.soft(await isReverted(change, ':'), change.kind).toBe(true);
    expect.soft(await isReverted(change, lists(`table ${tableOf('other')}`)), change.kind).toBe(true);
    expect.soft(await isReverted(change, lists(`table ${tableOf(ID)}`)), change.kind).toBe(false);
  }
});
