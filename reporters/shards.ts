import type { Conformance } from '../fixtures/contract/conformance.ts';
import { columnOf, type Column } from './column.ts';
import { OR, versionsText } from './versions.ts';

/**
 * A sentence for each shard without a report, according to the number of shards in the environment of the others. The runs on each mesh and
 * version and under each fault are divided into shards of their own. A shard without any check cannot be missing.
 * @param parts reports that are told apart
 */
export function missingShards(parts: readonly Conformance[]): string[] {
  const columns = [...new Map(parts.flatMap(({ checks }) => checks.map((check): [string, Column] => [columnOf(check), check]))).values()];
  const named = (column: Column) => wordsFor(column, columns);
  return columns.flatMap((column) => {
    const own = parts.filter(({ checks }) => checks.length === 0 || checks.some((check) => columnOf(check) === columnOf(column)));
    return absentFrom(own).map((shard) => `shard ${shard}${named(column)} has no report; its checks are missing here`);
  });
}

function absentFrom(parts: readonly Conformance[]): string[] {
  const there = new Set(parts.flatMap(({ run }) => run.environment['shard']?.split(OR) ?? []));
  const totals = [...new Set([...there].flatMap((shard) => shard.split('/')[1] ?? []))];
  const meant = totals.flatMap((total) => Array.from({ length: Number(total) }, (_, index) => `${index + 1}/${total}`));
  return meant.filter((shard) => !there.has(shard));
}

/** What distinguishes a column from the others. */
function wordsFor({ mesh, under, versions }: Column, among: readonly Column[]): string {
  return [
    among.every((other) => other.mesh === mesh) ? '' : ` of ${mesh}`,
    under === undefined ? '' : ` under ${under}`,
    versions === undefined ? '' : ` with ${versionsText(versions)}`,
  ].join('');
}
