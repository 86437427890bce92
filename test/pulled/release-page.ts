import { createReadStream, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import https from 'node:https';
import { join } from 'node:path';

/** Serves the files of a folder by their paths: node release-page.ts FOLDER CERTIFICATE KEY PORT */
const [folder = '', certificate = '', key = '', port = ''] = process.argv.slice(2);

https
  .createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, ({ url = '/' }, response) => {
    const file = join(folder, new URL(url, 'https://x').pathname);
    stat(file).then(
      ({ size }) => createReadStream(file).pipe(response.setHeader('content-length', size)),
      () => response.writeHead(404).end(),
    );
  })
  .listen(Number(port));
