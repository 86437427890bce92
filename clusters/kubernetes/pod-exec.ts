import type { IncomingMessage } from 'node:http';

import { WebSocket } from 'ws';

import { MeshproofError } from '../errors.ts';
import { refusal } from './api-error.ts';
import type { Connection } from './connection.ts';
import type { PodRef } from './manifest.ts';

/** Each message starts with its channel number. */
const CHANNELS = { stdout: 1, stderr: 2, status: 3 } as const;
const HANDSHAKE_MS = 10_000;

export interface ExecOrder {
  container: string;
  /** The program and its arguments; they are not interpreted by a shell. */
  command: readonly string[];
  /** Time limit for the program in milliseconds; default 30 000. */
  timeoutMs?: number;
}

/** The output of a program in a container, and its exit code. */
export interface Executed {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** The server's last message: a Status, whose causes contain the exit code of a program that failed. */
interface EndStatus {
  status?: string;
  message?: string;
  details?: { causes?: { reason?: string; message?: string }[] };
}

/**
 * Runs a program in a running container without input, and returns its output (UTF-8) and exit code once it has ended. Uses the WebSocket
 * form of exec, subprotocol v4.channel.k8s.io, and needs permission to create pods/exec in the namespace.
 * @throws ApiRefusal (no such pod or container, no permission), or MeshproofError `API_UNREACHABLE`, `POD_EXEC` (the program could not be
 * started, or the connection was lost), `POD_TIMED_OUT` (the program may still be running)
 */
export async function execInPod(connection: Connection, pod: PodRef, order: ExecOrder): Promise<Executed> {
  const { container, command, timeoutMs = 30_000 } = order;
  const description = `running ${command[0]} in ${pod.namespace}/${pod.name} (${container})`;
  const words = command.map((word): [string, string] => ['command', word]);
  const query = new URLSearchParams([['container', container], ['stdout', 'true'], ['stderr', 'true'], ...words]);
  const path = `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${encodeURIComponent(pod.name)}/exec`;
  const { url, options } = await connection.webSocket(`${path}?${query.toString()}`);
  return await new Promise<Executed>((resolve, reject) => {
    const webSocket = new WebSocket(url, ['v4.channel.k8s.io'], { ...options, perMessageDeflate: false, handshakeTimeout: HANDSHAKE_MS });
    const written: Record<number, Buffer[]> = { [CHANNELS.stdout]: [], [CHANNELS.stderr]: [], [CHANNELS.status]: [] };
    const text = (channel: number): string => Buffer.concat(written[channel] ?? []).toString('utf8');
    const fail = (error: Error): void => {
      reject(error);
      webSocket.terminate();
    };
    const timer = setTimeout(() => fail(new MeshproofError('POD_TIMED_OUT', `${description} took longer than ${timeoutMs} ms`)), timeoutMs);
    webSocket.on('message', (message: Buffer) => written[message[0] ?? -1]?.push(message.subarray(1)));
    webSocket.once('unexpected-response', (request, response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () => {
        fail(refusal(description, response.statusCode ?? 0, Buffer.concat(chunks).toString('utf8')));
        request.destroy();
      });
    });
    webSocket.on('error', (cause) =>
      fail(new MeshproofError('API_UNREACHABLE', `${description} through ${connection.server.origin} failed: ${cause.message}`, { cause })),
    );
    webSocket.on('close', () => {
      clearTimeout(timer);
      const exitCode = exitCodeOf(text(CHANNELS.status));
      if (typeof exitCode === 'number') resolve({ stdout: text(CHANNELS.stdout), stderr: text(CHANNELS.stderr), exitCode });
      else fail(new MeshproofError('POD_EXEC', `${description} failed: ${exitCode}`));
    });
  });
}

/** The exit code in a Status, or the error message if there is none. */
function exitCodeOf(text: string): number | string {
  if (text === '') return 'the connection was lost before the program ended';
  const { status, message, details }: EndStatus = JSON.parse(text);
  if (status === 'Success') return 0;
  const code = details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  return code === undefined ? (message ?? text) : Number(code);
}
