import { MeshproofError } from '../errors.ts';
import type { MeshBuild, NodeImages } from '../mesh/node-images.ts';
import { REQUEST_METRICS } from './proxy/admin.ts';
import { istioVersion, VERSIONS } from './versions.ts';

const PROXY = /^docker\.io\/istio\/proxyv2:(?<tag>[^@]+)$/;
/** Envoy logs the extensions that are compiled in, initialises itself and exits. */
const ASK = ['envoy', '--mode', 'init_only', '--log-level', 'info', '--config-yaml', '{}'];

/**
 * Determines from the proxy image on the nodes, before anything is installed, which extensions are compiled in: a released proxy has
 * Istio's own extensions, a plain Envoy does not.
 * @param version the version to look for; images of another known version are not taken for it
 * @throws MeshproofError `MESH_IMAGES_MISSING` if the nodes hold no proxy of that version, `PROXY_SILENT` if it does not list its extensions
 */
export async function buildIn(nodes: NodeImages, version?: string): Promise<MeshBuild> {
  const found = (await nodes.names()).flatMap((image) => {
    const tag = PROXY.exec(image)?.groups?.['tag'];
    return tag === undefined ? [] : [{ image, tag }];
  });
  const versionOf = ({ tag }: { tag: string }): string | undefined => VERSIONS.find((name) => tagsOf(name).includes(tag));
  const { image, tag } =
    found.find((one) => version === undefined || versionOf(one) === version) ?? found.find((one) => versionOf(one) === undefined) ?? {};
  if (image === undefined || tag === undefined) {
    throw new MeshproofError(
      'MESH_IMAGES_MISSING',
      `the node image does not contain docker.io/istio/proxyv2${version === undefined ? '' : ` of ${version}`}`,
      {
        hint: 'use --images=pull, --images=build, or a folder that `npx meshproof images save` wrote',
      },
    );
  }
  const said = await nodes.run(image, ASK);
  const extensions = compiledIn(said);
  if (extensions.size > 0) return { tag, extended: extensions.has(REQUEST_METRICS) };
  throw new MeshproofError(
    'PROXY_SILENT',
    `the proxy of ${image} does not list the extensions that are compiled in: ${said.trim().slice(-300)}`,
  );
}

/** The tags of a version's images: built, and released. */
function tagsOf(name: string): string[] {
  const { tag, release } = istioVersion(name);
  return [tag, release];
}

/** Parses Envoy's startup log: one line for each kind of extension, with their names. */
export function compiledIn(log: string): ReadonlySet<string> {
  const lines = log.matchAll(/^.*\[source\/server\/server\.cc:\d+\] {3}[\w.]+: (.+)$/gm);
  return new Set([...lines].flatMap(([, names = '']) => names.trim().split(', ')));
}
