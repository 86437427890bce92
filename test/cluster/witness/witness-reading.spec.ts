import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { explained, pairsOf, runningAt, spansOf } from './attribution.ts';
import { differences, parseConfiguration, showDifference } from './configuration.ts';

const endpoint = (address: string) => ({ endpoint: { address: { socket_address: { address, port_value: 8080 } } } });

interface Change {
  version?: string;
  at?: string;
  hosts?: readonly string[];
  routes?: readonly string[];
  addresses?: readonly string[];
}

/** A page in Envoy's format. */
function page({
  version = 'a/1',
  at = '2026-11-29T10:00:00Z',
  hosts = ['a', 'b'],
  routes = ['/x', '/y'],
  addresses = ['10.0.0.1', '10.0.0.2'],
}: Change) {
  const sent = { version_info: version, last_updated: at };
  return JSON.stringify({
    configs: [
      { bootstrap: { node: { id: at } } },
      { version_info: version, dynamic_active_clusters: [{ ...sent, cluster: { name: 'outbound|80||a', type: 'EDS' } }] },
      { dynamic_listeners: [{ name: 'l', active_state: { ...sent, listener: { name: 'l', address: {} } } }, { name: 'warming' }] },
      {
        dynamic_route_configs: [
          {
            ...sent,
            route_config: {
              name: '80',
              virtual_hosts: hosts.map((name) => ({
                name,
                domains: [name, `${name}:80`],
                routes: routes.map((prefix) => ({ match: { prefix } })),
              })),
            },
          },
        ],
      },
      {
        dynamic_endpoint_configs: [
          { endpoint_config: { cluster_name: 'outbound|80||a', endpoints: [{ lb_endpoints: addresses.map(endpoint) }] } },
        ],
      },
      {
        dynamic_active_secrets: [{ name: 'default', ...sent, secret: { tls_certificate: at } }],
        dynamic_warming_secrets: [{ name: 'kubernetes://missing' }],
      },
    ],
  });
}

const first = parseConfiguration(page({}));

test('Reads each listener, route, cluster and endpoint list, and the names of secrets, including missing ones', () => {
  expect([...first.keys()]).toEqual([
    'cluster outbound|80||a',
    'endpoints outbound|80||a',
    'listener l',
    'route 80',
    'secret default',
    'secret kubernetes://missing',
  ]);
});

test('Ignores versions, times, and the order of hosts and endpoints', () => {
  const again = page({ version: 'b/2', at: '2026-11-29T11:00:00Z', hosts: ['b', 'a'], addresses: ['10.0.0.2', '10.0.0.1'] });
  expect(differences(first, parseConfiguration(again))).toEqual([]);
});

test('Detects another order of routes, another host and another endpoint, and shows where they differ', () => {
  const changes: [Change, string, RegExp][] = [
    [{ routes: ['/y', '/x'] }, 'route 80', /"prefix":"\/y"/],
    [{ hosts: ['a', 'b', 'planted.example'] }, 'route 80', /planted\.example/],
    [{ addresses: ['10.0.0.1', '10.0.0.9'] }, 'endpoints outbound|80||a', /10\.0\.0\.9/],
  ];
  for (const [change, part, words] of changes) {
    const found = differences(first, parseConfiguration(page(change)));
    expect(found.map((one) => one.part)).toEqual([part]);
    expect(found.map(showDifference).join('\n')).toMatch(words);
  }
  const less = parseConfiguration('{}');
  expect(differences(first, less).map(showDifference)).toContain('secret kubernetes://missing is gone');
  expect(differences(less, first).map(showDifference).join('\n')).toMatch(/listener l is new/);
});

test('Counts a check as running until its last step ended, and ignores skipped ones', async ({}, info) => {
  const folder = info.outputPath('allure-results');
  await mkdir(folder, { recursive: true });
  const results = [
    { fullName: 'routing/a.spec.ts › It', status: 'passed', start: 100, stop: 150, steps: [{ stop: 140 }, { stop: 190 }] },
    { fullName: 'suites/gateway/b-c.spec.ts › It', status: 'failed', start: 100, stop: 150, steps: [] },
    { fullName: 'routing/d.spec.ts › It', status: 'skipped', start: 100, stop: 150 },
  ];
  for (const [at, result] of results.entries()) await writeFile(join(folder, `${at}-result.json`), JSON.stringify(result));
  expect((await spansOf(info.outputPath())).toSorted((a, b) => b.stop - a.stop)).toEqual([
    { id: 'routing/a', start: 100, stop: 190 },
    { id: 'gateway/b-c', start: 100, stop: 150 },
  ]);
});

test('Attributes an observation to the checks that ran then, and accepts it if one of them is mesh-wide', () => {
  const spans = [
    { id: 's/a', start: 10_000, stop: 20_000 },
    { id: 's/b', start: 15_000, stop: 25_000 },
    { id: 's/wide', start: 40_000, stop: 50_000 },
  ];
  expect(runningAt(spans, 12_000)).toEqual(['s/a']);
  expect(runningAt(spans, 22_000)).toEqual(['s/a', 's/b']);
  expect(runningAt(spans, 35_000)).toEqual([]);
  expect(explained(runningAt(spans, 45_000), new Set(['s/wide']))).toBe(true);
  expect(explained(runningAt(spans, 35_000), new Set(['s/wide']))).toBe(false);
  expect(pairsOf(spans)).toEqual(['s/a + s/b']);
});
