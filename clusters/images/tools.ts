import { join } from 'node:path';

import { exec } from '../exec.ts';
import type { Work } from '../work.ts';
import { artifact, type Artifact } from './cache.ts';
import { goArtifact } from './go.ts';
import { onPath } from './packages.ts';
import { istio } from '../istio/images.ts';
import { k6 } from './recipes/k6.ts';
import { VERSIONS } from './versions.ts';

interface Tool {
  /** Prints a version without a cluster. */
  versionArgs: string[];
  /** Versions on PATH that are as good as the pinned one. */
  fits: RegExp;
  made: () => Promise<Artifact>;
}

const TOOLS = {
  kind: {
    versionArgs: ['version'],
    fits: /v0\.33\./,
    made: () => goArtifact({ module: 'kind', binaries: { kind: 'sigs.k8s.io/kind' } }),
  },
  istioctl: { versionArgs: ['version', '--remote=false'], fits: new RegExp(VERSIONS.istio.replaceAll('.', '\\.')), made: istio },
  k6: { versionArgs: ['version'], fits: /v1\.8\./, made: k6 },
} satisfies Record<string, Tool>;

export type ToolName = keyof typeof TOOLS;

/** The path of a tool: from PATH when its version fits, else built from its pinned module. */
export async function tool(name: ToolName, work: Work): Promise<string> {
  const { versionArgs, fits, made }: Tool = TOOLS[name];
  const found = await onPath(name);
  if (found !== undefined && fits.test(await exec(found, versionArgs, work).catch(() => ''))) return found;
  return join(await artifact(await made(), work), name);
}
