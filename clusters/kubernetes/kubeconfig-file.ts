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
 * The kubeconfig files that count: the one that is named, otherwise those of KUBECONFIG's list that are there, otherwise ~/.kube/config.
 * @throws MeshproofError with code `KUBECONFIG_MISSING` when none of the list is there
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
 * What a kubeconfig file holds; an empty file, or one of comments alone, holds nothing. Errors quote nothing of it, as all of it may be secret.
 * @throws MeshproofError with code `KUBECONFIG_MISSING` or `KUBECONFIG_INVALID`
 */
export async function contentOf(path: string): Promise<Record<string, unknown>> {
  const content = parse(await textOf(path), path) ?? {};
  if (!isObject(content)) throw invalid(path, 'it is not a YAML mapping');
  return content;
}

/** @param what is wrong with it, in words that quote nothing of it that may be secret */
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
    // It is read once more for its credentials.
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

/** The parser's own words, in its errors and its warnings, quote the text: only what is wrong, and where, is told. */
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
