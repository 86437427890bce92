import { readFile } from 'node:fs/promises';
import https from 'node:https';
import { join } from 'node:path';

import { parse } from 'yaml';

import { omitUndefined } from '../../clusters/kubernetes/omit-undefined.ts';
import { folderOf } from '../../clusters/registry/owner.ts';
import { judge, type Finding } from './finding.ts';

const PATIENCE_MS = 1_000;

interface Kubeconfig {
  clusters?: { cluster?: { server?: string; 'certificate-authority-data'?: string } }[];
}

/** Whether each cluster's own API server responds at its port: after a reboot another program may use it. */
export async function answerFindings(names: readonly string[]): Promise<Finding[]> {
  return (await Promise.all(names.map((name) => answerFinding(name)))).flat();
}

async function answerFinding(name: string): Promise<Finding[]> {
  const file = join(folderOf(name), 'kubeconfig');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return [];
  const remove = `remove the cluster: npx meshproof down ${name}`;
  const { server, authority } = addressIn(text);
  if (server === undefined) {
    const about = { category: 'clusters', check: `the kubeconfig of ${name} can be read`, seen: `${file} names no API server` };
    return [judge(about, false, 'failed', remove)];
  }
  if (authority === undefined) return [];
  const about = { category: 'clusters', check: `${name} responds on its port` };
  const problem = await ask(server, Buffer.from(authority, 'base64'));
  const seen = `${server.host}${problem === undefined ? '' : `: ${problem}`}`;
  if (problem === 'connection refused' || problem === 'no answer') {
    return [
      judge({ ...about, seen }, false, 'warning', `docker start ${name}-control-plane, or remove the rest: npx meshproof down ${name}`),
    ];
  }
  return [judge({ ...about, seen }, problem === undefined, 'failed', `stop the program that uses the port (ss -ltnp), or ${remove}`)];
}

/** The first cluster in a kubeconfig; empty if the file is incomplete. */
function addressIn(text: string): { server?: URL; authority?: string } {
  try {
    const config = parse(text) as Kubeconfig | null;
    const { server = '', 'certificate-authority-data': authority } = config?.clusters?.[0]?.cluster ?? {};
    return omitUndefined({ server: new URL(server), authority });
  } catch {
    return {};
  }
}

/** Any response over TLS with a certificate of the cluster's CA comes from the cluster. */
async function ask(server: URL, ca: Buffer): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const request = https.request(new URL('/livez', server), { ca, agent: false, timeout: PATIENCE_MS }, (response) => {
      response.resume();
      resolve(undefined);
    });
    request.on('timeout', () => {
      resolve('no answer');
      request.destroy();
    });
    request.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' ? 'connection refused' : 'taken by another program'),
    );
    request.end();
  });
}
