import { exec } from '../../clusters/exec.ts';
import { onPath } from '../../clusters/images/packages.ts';
import { downloadOf, KIND, type Tool } from '../../clusters/images/tools.ts';
import { meshModule, type Mesh } from '../../clusters/meshes.ts';
import { inTime, type Finding } from './finding.ts';

interface ToolUse {
  /** What happens if it is not on PATH. */
  otherwise: string;
  /** Arguments that print its version without a cluster or network access. */
  version?: readonly string[];
  /** Set if it is used only in a matching version. */
  tool?: Tool;
}

/** The source of programs that are not on PATH in a matching version. */
const FETCHED = 'downloaded from its release page, or built from its pinned module';

/** The programs that are used if they are on PATH, and what happens otherwise. None is required. */
async function tools(mesh: Mesh): Promise<Record<string, ToolUse>> {
  const tool = (await meshModule(mesh)).tool();
  return {
    kind: { otherwise: FETCHED, tool: KIND },
    [tool.name]: { otherwise: tool.published === undefined ? FETCHED : `needed: ${tool.published.instructions}`, tool },
    go: { otherwise: 'downloaded when images are built', version: ['version'] },
    kubectl: { otherwise: 'optional; useful to inspect a cluster', version: ['version', '--client'] },
    chromium: { otherwise: 'only needed by the test that opens the report in a browser: apt-get install chromium' },
  };
}

const PATIENCE_MS = 1_000;

export async function toolFindings(mesh: Mesh): Promise<Finding[]> {
  return Promise.all(Object.entries(await tools(mesh)).map(([tool, use]) => toolFinding(tool, use)));
}

async function toolFinding(name: string, { otherwise, tool, version = tool?.versionArgs }: ToolUse): Promise<Finding> {
  const path = await onPath(name);
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const said = path === undefined || version === undefined ? '' : ((await inTime(exec(path, version, { signal }), signal)) ?? '');
  const number = /\d+\.\d+(?:\.\d+)?[\w.+-]*/.exec(said)?.[0];
  const there = number === undefined ? path : `${number} at ${path}`;
  const unfit = tool !== undefined && said !== '' && !tool.fits.test(said) ? `, which does not fit; ${otherwise}` : '';
  const seen = path === undefined ? `not on PATH; ${otherwise}` : `${there}${unfit}`;
  return { category: 'tools', check: name, status: 'ok', seen };
}

/** Longer than for the versions above: a program that answers late would be named although nothing is downloaded. */
const DOWNLOADS_MS = 5_000;

/** Whether the lock has the checksums of those programs that would be downloaded. */
export async function downloadFinding(tools: readonly Tool[]): Promise<Finding> {
  const signal = AbortSignal.timeout(DOWNLOADS_MS);
  const downloads = await Promise.all(tools.map(async (tool) => ({ tool, download: await downloadOf(tool, { signal }) })));
  const unpinned = downloads.filter(({ download }) => download?.pinned === false).map(({ tool }) => tool.name);
  const pinned = downloads.some(({ download }) => download !== undefined) ? 'each by its checksum in the lock' : 'none is needed';
  const seen =
    unpinned.length === 0
      ? pinned
      : `only by the checksums that their releases publish: ${unpinned.join(', ')}; npx meshproof images lock pins them`;
  return { category: 'tools', check: 'downloaded programs are pinned', status: 'ok', seen };
}
