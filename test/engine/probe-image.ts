import { join } from 'node:path';

import type { Engine } from '../../clusters/engine/engine.ts';
import { exec } from '../../clusters/exec.ts';

/** Builds an image that contains only the running version of Node.js. */
export async function importProbeImage(engine: Engine, folder: string, tag: string): Promise<void> {
  const libraries = [...(await exec('ldd', [process.execPath])).matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path ?? '');
  const archive = join(folder, 'probe.tar');
  const relative = [process.execPath, ...libraries].map((path) => path.slice(1));
  // Links are replaced by files, so that the image does not depend on this machine's folders.
  await exec('tar', ['-C', '/', '--dereference', '--hard-dereference', '-cf', archive, ...relative]);
  await engine.docker(['import', '--change', `ENTRYPOINT ["${process.execPath}"]`, archive, tag]);
}

/**
 * Prints how one attempt to reach an address ends: `connected`, an error code, or `silence` after two seconds. Over UDP, `connected` means
 * that an answer arrived.
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
    // The next send reports a refusal, and the kernel limits the rate of refusals.
    setInterval(() => socket.send('2'), 100);
  });
}`;

/** Answers over TCP and UDP. */
export const LISTENER = `
require('net').createServer((socket) => socket.on('error', () => {}).end('here')).listen(7000, () => console.log('listening'));
const udp = require('dgram').createSocket('udp4').on('message', (_, from) => udp.send('here', from.port, from.address));
udp.bind(7000);`;
