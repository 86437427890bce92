import { readFile } from 'node:fs/promises';

/** The mount points in the text of /proc/PID/mountinfo, in which blanks and the like are octal numbers. */
export function mountPoints(mountinfo: string): string[] {
  const fields = mountinfo.split('\n').flatMap((line) => line.split(' ')[4] ?? []);
  return fields.map((field) => field.replaceAll(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8))));
}

/** What is mounted below a folder, the innermost first; nothing where the system does not tell, as on macOS. */
export async function mountsBelow(folder: string): Promise<string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const below = mountPoints(text).filter((path) => path.startsWith(`${folder}/`));
  return below.toReversed();
}
