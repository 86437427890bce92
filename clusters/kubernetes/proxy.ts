import { BlockList, isIP } from 'node:net';

import { variable } from '../environment.ts';

/**
 * The proxy for a server according to the environment, as kubectl chooses it: HTTPS_PROXY or HTTP_PROXY, unless NO_PROXY lists the server;
 * never for a server on this machine. NO_PROXY contains `*`, IP addresses, CIDR blocks, hosts (which include their subdomains) and
 * `.domain` (subdomains only), each with or without a port. Source: golang.org/x/net/http/httpproxy.
 */
export function proxyFor(server: URL, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const scheme = server.protocol.slice(0, -1);
  const [proxy, without = ''] = [`${scheme}_proxy`, 'no_proxy'].map(
    (name) => variable(name.toUpperCase(), environment) ?? variable(name, environment),
  );
  const host = server.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const port = server.port || { http: '80', https: '443' }[scheme];
  if (proxy === undefined || isLoopback(host)) return undefined;
  const entries = without.split(',').map((entry) => entry.trim().toLowerCase());
  if (entries.some((entry) => entry !== '' && covers(entry, host, port))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function covers(entry: string, host: string, port: string | undefined): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isWithin(host, entry);
  const [, name = entry, only] = /^(.*?):(\d+)$/.exec(isIP(entry) === 0 ? entry : '') ?? [];
  if (only !== undefined && only !== port) return false;
  const bare = name.replace(/^\[|\]$/g, '').replace(/^\*(?=\.)/, '');
  if (isIP(bare) > 0) return isWithin(host, bare);
  return bare.startsWith('.') ? host.endsWith(bare) : host === bare || host.endsWith(`.${bare}`);
}

/** @param block an address, or a CIDR block such as 10.0.0.0/8 */
function isWithin(host: string, block: string): boolean {
  const [address = '', bits] = block.split('/');
  const [version, of] = [isIP(host), isIP(address)];
  if (version === 0 || of === 0) return false;
  const [family, ofBlock] = [version, of].map((ip) => (ip === 4 ? 'ipv4' : 'ipv6'));
  const list = new BlockList();
  const length = bits ?? (of === 4 ? '32' : '128');
  if (!/^\d{1,3}$/.test(length) || Number(length) > (of === 4 ? 32 : 128)) return false;
  list.addSubnet(address, Number(length), ofBlock as 'ipv4' | 'ipv6');
  return list.check(host, family as 'ipv4' | 'ipv6');
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || isWithin(host, '127.0.0.0/8') || isWithin(host, '::1');
}
