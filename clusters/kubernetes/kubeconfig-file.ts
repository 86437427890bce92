import { isUtf8 } from 'node:buffer';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

import { LineCounter, parseDocument } from 'yaml';

import { variable } from '../environment.ts';
import { causeOf, EXIT, MeshproofError } from '../errors.ts';
import { homeFolder } from '../paths.ts';
import { isObject } from './merge-patch.ts';

/**
 * The kubeconfig files to read: the given one, or else the existing files of KUBECONFIG's list, or else ~/.kube/config.
 * @throws MeshproofError with code `KUBECONFIG_MISSING` if no file of the list exists
 */
export function kubeconfigFiles(named?: string): string[] {
  if (named !== undefined) return [named];
  const list = variable('KUBECONFIG');
  if (list === undefined) return [join(homeFolder(), '.kube', 'config')];
  const there = list.split(delimiter).filter((file) => existsSync(file));
  if (there.length === 0) throw missing(list, 'there is no such file');
  return there;
}

/**
 * The content of a kubeconfig file; empty if the file is empty or contains only comments. Errors quote nothing of it, because any part may
 * be secret.
 * @throws MeshproofError with code `KUBECONFIG_MISSING` or `KUBECONFIG_INVALID`
 */
export async function contentOf(path: string): Promise<Record<string, unknown>> {
  const content = parse(await textOf(path), path) ?? {};
  if (!isObject(content)) throw invalid(path, 'it is not a YAML mapping');
  return content;
}

/** @param what what is wrong, without quoting anything that may be secret */
export function invalid(path: string, what: string): MeshproofError {
  return new MeshproofError('KUBECONFIG_INVALID', `${path} is not a usable kubeconfig: ${what}`, { exitCode: EXIT.usage });
}

const UNREAD: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a folder',
};

async function textOf(path: string): Promise<string> {
  let bytes: Buffer;
  try {
    // The file is read again for its credentials.
    if ((await stat(path)).isFIFO()) throw invalid(path, 'a pipe can be read only once; write it to a file');
    bytes = await readFile(path);
  } catch (error) {
    if (error instanceof MeshproofError) throw error;
    const { code = '' } = error as NodeJS.ErrnoException;
    throw missing(path, UNREAD[code] ?? causeOf(error));
  }
  if (!isUtf8(bytes)) throw invalid(path, 'it is not UTF-8 text; in older versions of PowerShell, > writes UTF-16');
  return bytes.toString('utf8');
}

/** The parser's own errors and warnings quote the text, so only the kind and position of the problem are reported. */
function parse(text: string, path: string): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error' });
  const [wrong] = document.errors;
  if (wrong !== undefined) {
    const { line, col } = lineCounter.linePos(wrong.pos[0]);
    throw invalid(path, `line ${line}, column ${col} is not YAML: ${wrong.code.toLowerCase().replaceAll('_', ' ')}`);
  }
  try {
    return document.toJS();
  } catch {
    throw invalid(path, 'it has an alias without an anchor, or too many of them');
  }
}

function missing(path: string, why: string): MeshproofError {
  const hint = path.startsWith('~/')
    ? 'the shell did not expand the ~; write $HOME instead'
    : path.includes(delimiter)
      ? '--kubeconfig names one file; KUBECONFIG may name several'
      : 'name a kubeconfig with --kubeconfig or KUBECONFIG';
  return new MeshproofError('KUBECONFIG_MISSING', `no kubeconfig could be read at ${path}: ${why}`, { exitCode: EXIT.usage, hint });
}
