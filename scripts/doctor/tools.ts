import { onPath } from '../../clusters/images/packages.ts';
import type { Finding } from './finding.ts';

/** The programs that are used where they are on PATH, and what happens where they are not. None is required. */
const TOOLS: Readonly<Record<string, string>> = {
  kind: 'built from its pinned module',
  istioctl: 'built from its pinned module',
  k6: 'built from its pinned module',
  go: 'fetched when something must be built',
  chromium: 'the test that opens the report in a browser needs it: apt-get install chromium',
};

export async function toolFindings(): Promise<Finding[]> {
  return Promise.all(
    Object.entries(TOOLS).map(async ([tool, otherwise]): Promise<Finding> => {
      const path = await onPath(tool);
      return { category: 'tools', check: tool, status: 'ok', seen: path ?? `not on PATH; ${otherwise}` };
    }),
  );
}
