import { exec } from '../../clusters/exec.ts';
import { onPath } from '../../clusters/images/packages.ts';
import { meshModules } from '../../clusters/meshes.ts';
import { inTime, type Finding } from './finding.ts';

interface ToolUse {
  /** What happens where it is not on PATH. */
  otherwise: string;
  /** Prints its version without a cluster and without asking the network. */
  version?: readonly string[];
}

const BUILT = 'built from its pinned module';

/** The programs that are used where they are on PATH, and what happens where they are not. None is required. */
async function tools(): Promise<Record<string, ToolUse>> {
  const ofMeshes = (await meshModules()).map(({ tool }) => tool());
  return {
    kind: { otherwise: BUILT, version: ['version'] },
    ...Object.fromEntries(
      ofMeshes.map(({ name, versionArgs, published }) => [
        name,
        { otherwise: published === undefined ? BUILT : `only needed with its mesh: ${published.instructions}`, version: versionArgs },
      ]),
    ),
    k6: { otherwise: BUILT, version: ['version'] },
    go: { otherwise: 'downloaded when images are built', version: ['version'] },
    kubectl: { otherwise: 'optional; useful to inspect a cluster', version: ['version', '--client'] },
    chromium: { otherwise: 'only needed by the test that opens the report in a browser: apt-get install chromium' },
  };
}

const PATIENCE_MS = 1_000;

export async function toolFindings(): Promise<Finding[]> {
  return Promise.all(Object.entries(await tools()).map(([tool, use]) => toolFinding(tool, use)));
}

async function toolFinding(tool: string, { otherwise, version }: ToolUse): Promise<Finding> {
  const path = await onPath(tool);
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const said = path === undefined || version === undefined ? '' : ((await inTime(exec(path, version, { signal }), signal)) ?? '');
  const number = /\d+\.\d+(?:\.\d+)?[\w.+-]*/.exec(said)?.[0];
  const seen = path === undefined ? `not on PATH; ${otherwise}` : number === undefined ? path : `${number} at ${path}`;
  return { category: 'tools', check: tool, status: 'ok', seen };
}
