import net from 'node:net';

import type { WebSocket } from 'ws';

/** Behaves like a node in a port-forward: sends the port on both channels first, then data both ways, and an error if nothing listens. */
export function bridge(webSocket: WebSocket, port: number, target: number): void {
  const portBytes = [port & 0xff, port >> 8];
  webSocket.send(Buffer.from([0, ...portBytes]));
  webSocket.send(Buffer.from([1, ...portBytes]));
  const socket = net.connect(target, '127.0.0.1');
  webSocket.on('message', (message: Buffer) => {
    if (!socket.write(message.subarray(1))) webSocket.pause();
  });
  socket.on('drain', () => webSocket.resume());
  socket.on('data', (chunk) => {
    socket.pause();
    webSocket.send(Buffer.concat([Buffer.of(0), chunk]), () => socket.resume());
  });
  socket.on('end', () => webSocket.close());
  socket.on('error', (error) => {
    webSocket.send(Buffer.concat([Buffer.of(1), Buffer.from(`error forwarding port ${port}: ${error.message}`)]));
    webSocket.close();
  });
  webSocket.on('close', () => socket.destroy());
}

export function portOf(server: net.Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port');
  return address.port;
}
