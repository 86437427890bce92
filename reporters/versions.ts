import type { Conformance } from '../fixtures/contract/conformance.ts';
import type { Facts } from '../fixtures/contract/run.ts';

/** Versions of tools, which are no property of what is tested. */
const TOOLS: ReadonlySet<string> = new Set(['node', 'docker']);
/** The name of the version of Kubernetes; all others belong to the mesh, the control plane's before the proxy's. */
const KUBERNETES = 'kubernetes';
/** Between the values of a fact in the report of a merge; which of them a check ran on is then unknown. */
export const OR = ' | ';

interface Row {
  versions?: Facts | undefined;
}

/** The versions that tell a check apart from the same one on others, in words: `istiod 1.30, kubernetes v1.35`. Empty if there are none. */
export function versionsText(versions: Facts = {}): string {
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
}

const { compare } = new Intl.Collator('en', { numeric: true });

/** Sorts by version, in the order of their numbers: 1.9 before 1.30. */
export function byVersions(a: Row, b: Row): number {
  return compare(versionsText(a.versions), versionsText(b.versions));
}

/**
 * Whether these versions are, as far as they are named in `column`, those that were found. A minor version fits each of its patches.
 * @param found all versions of a run
 */
export function fits(column: Facts, found: Facts): boolean {
  return Object.entries(column).every(([name, version]) => {
    const other = known(found, name);
    return other !== undefined && areSame(version, other);
  });
}

/** Whether two versions are the same, where one of them may be without its patch. */
export function areSame(one: string, other: string): boolean {
  return one === other || one === minorOf(other) || minorOf(one) === other;
}

/** Without patch and build: `1.31-eed52ebb66ad` is `1.31`, and `edge-26.8.3` is `edge-26.8`. */
function minorOf(version: string): string {
  return version.replaceAll(/(\d+\.\d+)[^,\s]*/g, '$1');
}

function known(versions: Facts, name: string): string | undefined {
  const version = versions[name];
  return version === undefined || version.includes(OR) ? undefined : version;
}

/**
 * The reports with the versions that differ between them recorded in each check, row and change, so that checks on different versions are
 * not taken for repetitions. Nothing is recorded if all ran on the same versions. Reports that result from a merge keep theirs apart too.
 */
export function toldApart(parts: readonly Conformance[]): Conformance[] {
  const all = parts.flatMap(({ run, checks }) => [run.versions, ...checks.map(({ versions }) => ({ ...run.versions, ...versions }))]);
  const shown = tellingVersions(distinct(all));
  return parts.map((part) => {
    const told = <T extends Row>({ versions, ...row }: T): T => {
      const full = { ...part.run.versions, ...versions };
      const telling = [...shown].flatMap(([name, forms]) => {
        const form = forms.get(known(full, name) ?? '');
        return form === undefined ? [] : [[name, form] as const];
      });
      return { ...row, ...(telling.length === 0 ? {} : { versions: Object.fromEntries(telling) }) } as T;
    };
    const { checks, notChosen, against } = part;
    return {
      ...part,
      checks: checks.map(told),
      ...(notChosen === undefined ? {} : { notChosen: notChosen.map(told) }),
      ...(against === undefined ? {} : { against: { ...against, changes: against.changes.map(told) } }),
    };
  });
}

/**
 * The versions that tell runs apart: name → version → as it is shown. A part of the mesh is omitted if those before it already tell the runs
 * apart that it would, such as the proxy of each control plane.
 */
function tellingVersions(all: readonly Facts[]): Map<string, ReadonlyMap<string, string>> {
  const names = [...new Set(all.flatMap((versions) => Object.keys(versions)))].filter((name) => !TOOLS.has(name));
  const shown = new Map<string, ReadonlyMap<string, string>>();
  let classes = [all];
  for (const name of names.filter((one) => one !== KUBERNETES)) {
    const forms = shortened(all.flatMap((versions) => known(versions, name) ?? []));
    const formOf = (versions: Facts): string | undefined => forms.get(known(versions, name) ?? '');
    const split = (some: readonly Facts[]): boolean => new Set(some.flatMap((versions) => formOf(versions) ?? [])).size > 1;
    if (!classes.some(split)) continue;
    shown.set(name, forms);
    classes = classes.flatMap((some) => [...Map.groupBy(some, formOf).values()]);
  }
  const kubernetes = shortened(all.flatMap((versions) => known(versions, KUBERNETES) ?? []));
  if (new Set(kubernetes.values()).size > 1) shown.set(KUBERNETES, kubernetes);
  return shown;
}

/**
 * Each version as it is shown: without patch and build if that tells all of them apart, because columns and histories should continue when
 * a patch is adopted.
 */
function shortened(versions: readonly string[]): Map<string, string> {
  const each = [...new Set(versions)];
  // An earlier merge may have recorded the minor version of another one.
  const whole = each.filter((one) => !each.some((other) => other !== one && minorOf(other) === one));
  const suffices = new Set(whole.map(minorOf)).size === whole.length;
  return new Map(each.map((version) => [version, suffices ? minorOf(version) : version]));
}

function distinct(all: readonly Facts[]): Facts[] {
  return [...new Map(all.map((versions) => [JSON.stringify(versions), versions])).values()];
}
