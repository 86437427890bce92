import { readdirSync } from 'node:fs';
import { join, posix, relative, resolve } from 'node:path';

export const PROJECT = resolve(import.meta.dirname, '../..');
/** The folders of the project; every file is in one of them or at the top level. */
const FOLDERS = ['suites', 'fixtures', 'clusters', 'reporters', 'scripts', 'test'] as const;

/** Paths of every file, relative to the project, with forward slashes. */
export function sources(): string[] {
  const inFolders = FOLDERS.flatMap((folder) =>
    readdirSync(join(PROJECT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(PROJECT, join(entry.parentPath, entry.name))),
  );
  const above = readdirSync(PROJECT, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []));
  return [...inFolders, ...above]
    .filter((path) => !/(^|\/)(test-results|node_modules)\//.test(path))
    .map((path) => path.replaceAll('\\', '/'));
}

/** Every module that a source imports, statically or dynamically, types included. */
export function importsOf(text: string): string[] {
  const forms = /\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g;
  return [...text.matchAll(forms)].map(([, , name]) => name ?? '');
}

/** The project's file that `file` imports as `name`; undefined for a package. */
export function targetOf(file: string, name: string): string | undefined {
  if (name === '#fixtures') return 'fixtures/index.ts';
  return name.startsWith('.') ? posix.join(posix.dirname(file), name) : undefined;
}
