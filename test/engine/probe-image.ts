import { join } from 'node:path';

import type { Engine } from '../../clusters/engine/engine.ts';
import { exec } from '../../clusters/exec.ts';

/** Makes an image of the Node that runs this, and of nothing else. */
export async function importProbeImage(engine: Engine, folder: string, tag: string): Promise<void> {
  const libraries = [...(await exec('ldd', [process.execPath])).matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path ?? '');
  const archive = join(folder, 'probe.tar');
  const relative = [process.execPath, ...libraries].map((path) => path.slice(1));
  // Links become files, so that the image needs no folder structure of this machine.
  await exec('tar', ['-C', '/', '--dereference', '--hard-dereference', '-cf', archive, ...relative]);
  await engine.docker(['import', '--change', `ENTRYPOINT ["${process.execPath}"]`, archive, tag]);
}

/**
 * Tells how one attempt to reach an address ends, as a word: `connected`, an error code, or `silence` after two seconds.
 * Over UDP `connected` means an answer.
 */
export const PROBE = `
const [protocol, host, port] = process.argv.slice(-3);
const end = (word) => { console.log(word); process.exit(0); };
setTimeout(() => end('silence'), 2000);
if (protocol === 'tcp') require('net').connect(Number(port), host, () => end('connected')).on('error', (error) => end(error.code));
else {
  const socket = require('dgram').createSocket('udp4').on('error', (error) => end(error.code)).on('message', () => end('connected'));
  socket.connect(Number(port), host, () => {
    socket.send('1');
    // A refusal is told to whoever sends next; the kernel sends few of them a second.
    setInterval(() => socket.send('2'), 100);
  });
}`;

/** Answers on TCP and UDP. */
export const LISTENER = `
require('net').createServer((socket) => socket.on('error', () => {}).end('here')).listen(7000, () => console.log('listening'));
const udp = require('dgram').createSocket('udp4').on('message', (_, from) => udp.send('here', from.port, from.address));
udp.bind(7000);`;
