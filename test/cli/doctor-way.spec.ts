import { expect, test } from '@playwright/test';

import { wayFinding, type Circumstances } from '../../scripts/doctor/way.ts';

const ROOT_ONLY = 'only root can build them';
const answers = { address: 'https://registry-1.docker.io' };
const silent = { ...answers, failure: 'ENOTFOUND' };

const WAYS: [what: string, given: Circumstances, status: string, seen: RegExp][] = [
  [
    'what the engine has is used',
    { from: 'auto', ready: 'docker.io/meshproof/node:1', registry: silent, obstacle: ROOT_ONLY },
    'ok',
    /the engine has them/,
  ],
  [
    'a registry that answers is pulled from',
    { from: 'auto', registry: answers, obstacle: ROOT_ONLY },
    'ok',
    /pulled from https:\/\/registry-1/,
  ],
  [
    'without one, root builds',
    { from: 'auto', registry: silent },
    'ok',
    /does not answer \(ENOTFOUND\), so they will be built.*20 minutes/,
  ],
  ['without either there is no way', { from: 'auto', registry: silent, obstacle: ROOT_ONLY }, 'failed', /ENOTFOUND\), and only root/],
  ['--images=pull needs a registry', { from: 'pull', registry: silent }, 'failed', /does not answer/],
  ['--images=build needs root', { from: 'build', obstacle: ROOT_ONLY }, 'failed', /^only root/],
  ['a folder is whole', { from: '/archives' }, 'ok', /loaded from \/archives$/],
  ['or it lacks something', { from: '/archives', lacks: 'istio/proxyv2' }, 'failed', /which lacks istio\/proxyv2/],
  ['nobody is asked without a network', { from: 'auto' }, 'ok', /not checked/],
];

for (const [what, given, status, seen] of WAYS) {
  test(`the way to images: ${what}`, () => {
    const finding = wayFinding(given);
    expect(finding).toMatchObject({ status, seen: expect.stringMatching(seen) });
    expect(finding.hint !== undefined).toBe(status !== 'ok');
  });
}
