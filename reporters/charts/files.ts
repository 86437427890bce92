import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { CheckResult } from '../../fixtures/contract/result.ts';
import { versionsText } from '../versions.ts';

/** The folder of all pictures in the report folder. */
const PICTURES = 'pictures';

/**
 * Draws every picture of a report again from the numbers in its results: `pictures/<suite>/<stem>.<mesh>/<phase>-<number>-<kind>.svg`, with
 * the fault, the versions and the number of the repetition, if any, after the mesh.
 * @returns the paths, relative to the report folder
 */
export async function writePictures(report: string, checks: readonly CheckResult[]): Promise<string[]> {
  await rm(join(report, PICTURES), { recursive: true, force: true });
  const withPictures = checks.filter(({ pictures = [] }) => pictures.length > 0);
  if (withPictures.length === 0) return [];
  const { draw } = await import('./draw.ts');
  const written: string[] = [];
  for (const check of withPictures) {
    const { pictures = [] } = check;
    const folder = join(PICTURES, folderOf(check));
    await mkdir(join(report, folder), { recursive: true });
    for (const [index, { phase, picture }] of pictures.entries()) {
      const file = join(folder, `${phase}-${index + 1}-${picture.kind}.svg`);
      await writeFile(join(report, file), draw(picture));
      written.push(file);
    }
  }
  return written;
}

function folderOf({ id, mesh, under, versions, repetition }: CheckResult): string {
  const ran = [under, versionsText(versions).replaceAll(/[^\w.-]+/g, '-'), repetition].filter((part) => part !== undefined && part !== '');
  return [id, mesh, ...ran].join('.');
}
