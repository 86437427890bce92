import http from 'node:http';
import https from 'node:https';
import { unescape } from 'node:querystring';

import { causeOf } from '../../clusters/errors.ts';
import { agentFor } from '../../clusters/images/download.ts';

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
}

/**
 * A server's answer to one request, through the proxy of the environment like downloads, and with the credentials in the URL. Redirects are
 * not followed.
 * @throws the system's error, which `reasonOf` explains, or an error for an unusable proxy
 */
export async function answerOf(url: URL, options: Pick<http.RequestOptions, 'method' | 'signal'>): Promise<Answer> {
  const agent = agentFor(url);
  const login = [url.username, url.password].map((part) => unescape(part)).join(':');
  // Node.js would reject credentials with a percent sign that encodes nothing.
  const bare = Object.assign(new URL(url), { username: '', password: '' });
  const headers: http.OutgoingHttpHeaders = login === ':' ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
  const { request } = url.protocol === 'http:' ? http : https;
  return await new Promise((resolve, reject) => {
    const asked = request(bare, { ...options, headers, agent }, (response) => {
      const { statusCode: status = 0, headers } = response;
      response.destroy();
      resolve({ status, headers });
    });
    asked.on('error', reject).end();
  });
}

/** Why there was no answer: the system's code, or else the message. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  // Its message would contain the URL of the proxy, and thus perhaps a password.
  if (code === 'ERR_PROXY_TUNNEL') return 'the proxy refuses the connection';
  return code ?? causeOf(error);
}
