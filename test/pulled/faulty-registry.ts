import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import type { ServerResponse } from 'node:http';

/**
 * A registry in which the first folder of an image's name determines the failure: a status, or `half` for layers that end early. node
 * faulty-registry.ts CERTIFICATE KEY PORT
 */
const [certificate = '', key = '', port = ''] = process.argv.slice(2);

const digestOf = (content: Buffer | string): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;
const LAYER = Buffer.alloc(1_000_000, 7);
const CONFIG = JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [digestOf(LAYER)] } });
const schema = 'application/vnd.docker.distribution.manifest.v2+json';
const MANIFEST = JSON.stringify({
  schemaVersion: 2,
  mediaType: schema,
  config: { mediaType: 'application/vnd.docker.container.image.v1+json', size: CONFIG.length, digest: digestOf(CONFIG) },
  layers: [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar', size: LAYER.length, digest: digestOf(LAYER) }],
});

function half(path: string, response: ServerResponse): void {
  if (path.endsWith(digestOf(LAYER))) {
    response.writeHead(200, { 'content-length': LAYER.length });
    response.write(LAYER.subarray(0, LAYER.length / 2), () => response.destroy());
  } else if (path.endsWith(digestOf(CONFIG))) response.end(CONFIG);
  else
    response
      .writeHead(200, { 'content-type': schema, 'content-length': MANIFEST.length, 'docker-content-digest': digestOf(MANIFEST) })
      .end(MANIFEST);
}

https
  .createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, ({ url = '' }, response) => {
    const [, , fault = ''] = url.split('/');
    response.setHeader('docker-distribution-api-version', 'registry/2.0');
    if (fault === '') response.end('{}');
    else if (fault === 'half') half(url, response);
    else response.writeHead(Number(fault)).end();
  })
  .listen(Number(port));
