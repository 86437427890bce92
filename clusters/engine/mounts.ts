import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

interface Mount {
  id: string;
  parent: string;
  device: string;
  /** What of the device is mounted. */
  root: string;
  point: string;
}

/** The mount points in the text of /proc/PID/mountinfo. */
export function mountPoints(mountinfo: string): string[] {
  return mountsIn(mountinfo).map(({ point }) => point);
}

/** Those at which a folder is mounted on itself, as a daemon does to say what becomes of mounts below: it hides nothing and holds nothing else. */
export function selfMounts(mountinfo: string): string[] {
  const mounts = mountsIn(mountinfo);
  const isSelf = ({ parent, device, root, point }: Mount): boolean =>
    mounts.some((below) => below.id === parent && below.device === device && root === join(below.root, relative(below.point, point)));
  return mounts.filter(isSelf).map(({ point }) => point);
}

/** In the fields blanks and the like are octal numbers. */
function mountsIn(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const fields = line
      .split(' ')
      .map((field) => field.replaceAll(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8))));
    const [id = '', parent = '', device = '', root = '', point] = fields;
    return point === undefined ? [] : { id, parent, device, root, point };
  });
}

/** What is mounted below a folder, the innermost first; nothing where the system does not tell, as on macOS. */
export async function mountsBelow(folder: string): Promise<string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const below = mountPoints(text).filter((path) => path.startsWith(`${folder}/`));
  return below.toReversed();
}
