import { openAsBlob } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Pushes an unpacked archive of `docker save` to a registry unchanged; an engine would compress the layers first, which takes minutes. node
 * push.ts FOLDER HOST/NAME:TAG. Source: OCI distribution specification, "Pushing blobs" and "Pushing manifests".
 */
const [folder = '', reference = ''] = process.argv.slice(2);
const [, host = '', name = '', tag = ''] = /^([^/]+)\/(.+):([^:/]+)$/.exec(reference) ?? [];

interface Descriptor {
  mediaType: string;
  size: number;
  digest: string;
}

const TYPE = 'application/vnd.docker';

async function answer(url: URL | string, request: RequestInit, status: number): Promise<Response> {
  const response = await fetch(url, request);
  if (response.status !== status) throw new Error(`${String(url)} answered ${response.status}: ${await response.text()}`);
  return response;
}

async function push(file: string, digest: string, mediaType: string): Promise<Descriptor> {
  const path = join(folder, file);
  const begun = await answer(`https://${host}/v2/${name}/blobs/uploads/`, { method: 'POST' }, 202);
  const upload = new URL(begun.headers.get('location') ?? '', begun.url);
  upload.searchParams.set('digest', digest);
  await answer(upload, { method: 'PUT', body: await openAsBlob(path), headers: { 'content-type': 'application/octet-stream' } }, 201);
  return { mediaType, size: (await stat(path)).size, digest };
}

const [image]: { Config: string; Layers: string[] }[] = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
if (image === undefined) throw new Error(`${folder} holds no image`);
const { rootfs }: { rootfs: { diff_ids: string[] } } = JSON.parse(await readFile(join(folder, image.Config), 'utf8'));
const config = await push(image.Config, `sha256:${image.Config.replace('.json', '')}`, `${TYPE}.container.image.v1+json`);
const layers: Descriptor[] = [];
for (const [index, layer] of image.Layers.entries())
  layers.push(await push(layer, rootfs.diff_ids[index] ?? '', `${TYPE}.image.rootfs.diff.tar`));
const manifest = { schemaVersion: 2, mediaType: `${TYPE}.distribution.manifest.v2+json`, config, layers };
const headers = { 'content-type': manifest.mediaType };
await answer(`https://${host}/v2/${name}/manifests/${tag}`, { method: 'PUT', body: JSON.stringify(manifest), headers }, 201);
