import { access, readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { gunzipSync } from 'node:zlib';

import { judge, type Finding } from './finding.ts';

/** Kernel features that containers, pods and mesh proxies need: any one of the listed modules, with their build options. */
const FEATURES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'the kernel can layer images': { overlay: 'OVERLAY_FS' },
  'the kernel can connect pods to nodes': { veth: 'VETH' },
  'the kernel can bridge nodes': { bridge: 'BRIDGE' },
  'the kernel can track connections': { nf_conntrack: 'NF_CONNTRACK' },
  'the kernel can redirect traffic': { nf_tables: 'NF_TABLES', ip_tables: 'IP_NF_IPTABLES' },
};

/** The features of the running kernel, according to its build options or else its modules. Loads and tries nothing. */
export async function kernelFindings(): Promise<Finding[]> {
  if (process.platform !== 'linux') return [];
  const options = await buildOptions();
  return Promise.all(
    Object.entries(FEATURES).map(async ([check, modules]) => {
      const places = await Promise.all(
        Object.entries(modules).map(async ([module, option]) => {
          const place = options === undefined ? await moduleState(module) : optionState(options, option);
          return place === undefined ? [] : [`${module} ${place}`];
        }),
      );
      const found = places.flat();
      const needed = Object.keys(modules).join(' or ');
      const seen = found.join(', ') || `no ${needed}`;
      // Without the build options, a built-in feature cannot be distinguished from a missing one.
      return judge(
        { category: 'kernel', check, seen },
        found.length > 0,
        options === undefined ? 'warning' : 'failed',
        `use a kernel with ${needed}`,
      );
    }),
  );
}

async function buildOptions(): Promise<string | undefined> {
  try {
    return gunzipSync(await readFile('/proc/config.gz')).toString();
  } catch {
    return readFile(`/boot/config-${release()}`, 'utf8').catch(() => undefined);
  }
}

function optionState(options: string, option: string): string | undefined {
  const value = new RegExp(`^CONFIG_${option}=([ym])$`, 'm').exec(options)?.[1];
  return value === undefined ? undefined : value === 'y' ? 'built in' : 'as a module';
}

async function moduleState(module: string): Promise<string | undefined> {
  const present = await access(`/sys/module/${module}`).then(
    () => true,
    () => false,
  );
  if (present) return 'present';
  const index = await readFile(`/lib/modules/${release()}/modules.dep`, 'utf8').catch(() => '');
  return index.includes(`/${module}.ko`) ? 'as a module' : undefined;
}
