import { MeshproofError } from '../errors.ts';
import type { MeshBuild, NodeImages } from '../mesh/node-images.ts';
import { REQUEST_METRICS } from './proxy/admin.ts';

const PROXY = /^docker\.io\/istio\/proxyv2:(?<tag>[^@]+)$/;
/** Ends when it is set up, and says before what was compiled in. */
const ASK = ['envoy', '--mode', 'init_only', '--log-level', 'info', '--config-yaml', '{}'];

/**
 * Asks the proxy in the nodes what is compiled in, before anything is installed: a released one is told of Istio's own extensions, and a plain
 * Envoy is not.
 * @throws MeshproofError `MESH_IMAGES_MISSING` where the nodes hold no proxy of Istio, `PROXY_SILENT` where it does not tell
 */
export async function buildIn(nodes: NodeImages): Promise<MeshBuild> {
  const names = await nodes.names();
  const [image, tag] =
    names.map((name) => [name, PROXY.exec(name)?.groups?.['tag']] as const).find(([, found]) => found !== undefined) ?? [];
  if (image === undefined || tag === undefined) {
    throw new MeshproofError('MESH_IMAGES_MISSING', 'the node image holds no docker.io/istio/proxyv2', {
      hint: 'images save writes a folder that has it, and --images=pull or --images=build makes one',
    });
  }
  const said = await nodes.run(image, ASK);
  const extensions = compiledIn(said);
  if (extensions.size > 0) return { tag, extended: extensions.has(REQUEST_METRICS) };
  throw new MeshproofError('PROXY_SILENT', `the proxy of ${image} does not tell what is compiled in: ${said.trim().slice(-300)}`);
}

/** Reads what Envoy logs of itself when it starts: a line for each kind of extension, with their names. */
export function compiledIn(log: string): ReadonlySet<string> {
  const lines = log.matchAll(/^.*\[source\/server\/server\.cc:\d+\] {3}[\w.]+: (.+)$/gm);
  return new Set([...lines].flatMap(([, names = '']) => names.trim().split(', ')));
}
