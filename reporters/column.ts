import type { Conformance } from '../fixtures/contract/conformance.ts';
import type { Facts } from '../fixtures/contract/run.ts';
import { versionsText } from './versions.ts';

/** Where a check ran: the mesh, the fault, and the versions if a report has several. */
export interface Column {
  mesh: string;
  under?: string | undefined;
  versions?: Facts | undefined;
}

/** Identifies a column. */
export function columnOf({ mesh, under, versions }: Column): string {
  return [mesh, ...(under === undefined ? [] : [under]), ...(versions === undefined ? [] : [versionsText(versions)])].join(' ');
}

/** What identifies a check in a report, which includes its column. */
export function nameOf(check: Column & { id: string }): string {
  return `${check.id} ${columnOf(check)}`;
}

/** The fault and the versions that all checks of a report have in common: `under` and the names of the versions to their values. */
export function sharedBy({ checks }: Pick<Conformance, 'checks'>): Facts {
  const [first, ...others] = checks.map(({ under, versions }): Facts => ({ ...(under === undefined ? {} : { under }), ...versions }));
  return Object.fromEntries(Object.entries(first ?? {}).filter(([name, value]) => others.every((other) => other[name] === value)));
}
