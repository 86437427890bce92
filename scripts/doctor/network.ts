import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';

import { ADDRESSES, BRIDGES } from '../../clusters/engine/addresses.ts';
import { judge, type Finding } from './finding.ts';

const category = 'network';

/** Addresses, names and ports that matter to clusters on this machine. */
export async function networkFindings(): Promise<Finding[]> {
  const [routes, resolver, port] = await Promise.all([
    readFile('/proc/net/route', 'utf8').catch(() => ''),
    readFile('/etc/resolv.conf', 'utf8').catch(() => ''),
    freePort(),
  ]);
  return [...(routes === '' ? [] : [rangeFinding(overlaps(routes))]), domainFinding(searchDomains(resolver)), portFinding(port)];
}

function rangeFinding(others: readonly string[]): Finding {
  const about = { category, check: `no route or VPN uses ${ADDRESSES.all}`, seen: others.join(', ') || 'none does' };
  return judge(
    about,
    others.length === 0,
    'failed',
    `clusters use these addresses: remove these routes (ip route), or disconnect the VPN while a cluster is up`,
  );
}

/**
 * kind's nodes pass the machine's search domains to pods, where each makes lookups of external names slower or wrong; meshproof's nodes get
 * none.
 */
function domainFinding(domains: readonly string[]): Finding {
  const seen = domains.length === 0 ? 'none' : `${domains.join(' ')} are not passed on`;
  return { category, check: 'DNS search domains do not reach the pods', status: 'ok', seen };
}

function portFinding(port: number | string): Finding {
  const seen = typeof port === 'number' ? 'available' : port;
  const about = { category, check: 'a port is free on 127.0.0.1', seen };
  return judge(
    about,
    typeof port === 'number',
    'failed',
    'each cluster publishes its API server on such a port: see ss -ltn and net.ipv4.ip_local_port_range',
  );
}

async function freePort(): Promise<number | string> {
  const server = createServer();
  try {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 'none';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    server.close();
  }
}

/**
 * Parses the content of /proc/net/route: the routes that overlap meshproof's range, except for the default route and those of its own
 * bridges. Numbers are hexadecimal, lowest byte first.
 */
export function overlaps(table: string): string[] {
  const [base = '', length = ''] = ADDRESSES.all.split('/');
  const ours = { start: fromDotted(base), mask: maskOf(Number(length)) };
  const own: readonly string[] = Object.values(BRIDGES);
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [device = '', destination = '', , , , , , mask = ''] = line.trim().split(/\s+/);
      if (device === '' || own.includes(device)) return [];
      const route = { start: fromHex(destination), mask: fromHex(mask) };
      if (route.mask === 0) return [];
      const common = (ours.mask & route.mask) >>> 0;
      if ((ours.start & common) >>> 0 !== (route.start & common) >>> 0) return [];
      return [`${toDotted(route.start)}/${bitsOf(route.mask)} by ${device}`];
    });
}

/** Parses the content of /etc/resolv.conf; its last search line applies. */
export function searchDomains(text: string): string[] {
  const lines = text.split('\n').filter((line) => /^\s*(search|domain)\s/.test(line));
  return (lines.at(-1) ?? '')
    .trim()
    .split(/\s+/)
    .slice(1)
    .filter((domain) => domain !== '.');
}

const fromHex = (text: string): number => Buffer.from(text.padStart(8, '0'), 'hex').readUInt32LE();
const fromDotted = (text: string): number => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const toDotted = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
const maskOf = (bits: number): number => (bits === 0 ? 0 : (~0 << (32 - bits)) >>> 0);
const bitsOf = (mask: number): number => mask.toString(2).replaceAll('0', '').length;
