import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

interface Mount {
  id: string;
  parent: string;
  device: string;
  /** The mounted path on the device. */
  root: string;
  point: string;
}

/** Parses the mount points from the content of /proc/PID/mountinfo. */
export function mountPoints(mountinfo: string): string[] {
  return mountsIn(mountinfo).map(({ point }) => point);
}

/**
 * Mount points at which a folder is mounted on itself, as a daemon does to set the propagation of mounts below it: such a mount hides
 * nothing and contains nothing else.
 */
export function selfMounts(mountinfo: string): string[] {
  const mounts = mountsIn(mountinfo);
  const isSelf = ({ parent, device, root, point }: Mount): boolean =>
    mounts.some((below) => below.id === parent && below.device === device && root === join(below.root, relative(below.point, point)));
  return mounts.filter(isSelf).map(({ point }) => point);
}

/** In the fields, spaces and similar characters are octal escapes. */
function mountsIn(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const fields = line
      .split(' ')
      .map((field) => field.replaceAll(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8))));
    const [id = '', parent = '', device = '', root = '', point] = fields;
    return point === undefined ? [] : { id, parent, device, root, point };
  });
}

/** Mount points below a folder, innermost first; empty if the system does not report them, as on macOS. */
export async function mountsBelow(folder: string): Promise<string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const below = mountPoints(text).filter((path) => path.startsWith(`${folder}/`));
  return below.toReversed();
}
