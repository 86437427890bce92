import { EXIT, MeshproofError, causeOf } from '../../clusters/errors.ts';
import type { Conformance } from '../../fixtures/results/conformance.ts';

/**
 * Reads the report of an earlier run.
 * @param report its folder, or its conformance.json
 * @throws MeshproofError `NO_REPORT` with exit code 2
 */
export async function readReport(report: string): Promise<Conformance> {
  const { conformanceIn, readConformance } = await import('../../reporters/conformance-files.ts');
  return readConformance(conformanceIn(report)).catch((cause: unknown) => {
    throw new MeshproofError('NO_REPORT', `${report} holds no report: ${causeOf(cause)}`, {
      hint: 'a run leaves one: npm test',
      cause,
      exitCode: EXIT.usage,
    });
  });
}
