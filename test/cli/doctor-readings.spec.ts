import { expect, test } from '@playwright/test';

import { inLines } from '../../scripts/doctor/lines.ts';
import { overlaps, searchDomains } from '../../scripts/doctor/network.ts';

const HEADER = 'Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n';
const route = (device: string, destination: string, mask: string) => `${device} ${destination} 00000000 0001 0 0 0 ${mask} 0 0 0\n`;

test('Finds routes that overlap the addresses of clusters', () => {
  const table = [
    HEADER,
    route('eth0', '00000000', '00000000'),
    route('eth0', '000200C0', '00FFFFFF'),
    route('meshproof-net', '001012C6', '00F0FFFF'),
    route('tun0', '004013C6', '00C0FFFF'),
    route('tun1', '000000C6', '000000FF'),
    route('tun2', '000014C6', '0000FFFF'),
  ].join('');
  expect(overlaps(table)).toEqual(['198.19.64.0/18 by tun0', '198.0.0.0/8 by tun1']);
  expect(overlaps('')).toEqual([]);
});

test('Reads search domains from the last line', () => {
  expect(searchDomains('nameserver 10.0.0.1\nsearch a.example\nsearch corp.example lab.example\n')).toEqual([
    'corp.example',
    'lab.example',
  ]);
  expect(searchDomains('search .\n')).toEqual([]);
  expect(searchDomains('')).toEqual([]);
});

test('Prints words on a terminal without the marks', () => {
  const findings = [
    { category: 'a', check: 'one', status: 'ok', seen: '1' },
    { category: 'a', check: 'two', status: 'warning', seen: '2', hint: 'mend it' },
    { category: 'b', check: 'three', status: 'failed', seen: '3', hint: 'do it' },
  ] as const;
  const plain =
    '[ok] one: 1\n[warning] two: 2\n    mend it\n\nb\n-\n[failed] three: 3\n    do it\n\nStatus check results are [failed] (1 failed, 1 warned)';
  // oxlint-disable-next-line no-control-regex
  const said = (environment: NodeJS.ProcessEnv) => inLines(findings, environment).replaceAll(/\u001b\[\d+m/g, '');
  expect(said({ LANG: 'C' })).toBe(`a\n-\n${plain}`);
  expect(said({ LANG: 'en_US.UTF-8' })).toContain('√ one: 1\n‼ two: 2\n    mend it');
  expect(said({})).toContain('× three: 3');
});
