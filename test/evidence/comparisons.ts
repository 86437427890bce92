import { WAYS, type Comparison, type Way } from '../../fixtures/evidence/comparison.ts';
import type { LoadSummary } from '../../fixtures/load/report.ts';

type Amounts = { medianMs?: number; p99Ms?: number; cpuSeconds?: number; serverCpuSeconds?: number };

/** A run of 200 requests, 40 of which opened connections. */
export function loadOf(own: Partial<LoadSummary> = {}): LoadSummary {
  const ordered = { rate: 200, durationMs: 1_000, connections: 40 };
  return { ...ordered, sent: 200, measured: 160, failed: 0, dropped: 0, medianMs: 1, p99Ms: 5, maxMs: 9, ...own };
}

/** Blocks in which the paths take this much longer than the one without a proxy, with the given CPU time. */
export function comparisonOf(added: Partial<Record<Exclude<Way, 'none'>, Amounts>> = {}, idle: Amounts = {}, blocks = 8): Comparison {
  const run = (way: Way) => {
    const { medianMs = 0, p99Ms = 0, cpuSeconds = idle.cpuSeconds ?? 0 } = way === 'none' ? {} : (added[way] ?? {});
    const load = loadOf({ medianMs: 1 + medianMs, p99Ms: 5 + p99Ms });
    return { way, load, cpuSeconds, serverCpuSeconds: idle.serverCpuSeconds ?? 0, memoryMiB: { client: 50, server: 60 } };
  };
  return { blocks: Array.from({ length: blocks }, () => WAYS.map(run)), counted: { client: blocks * 200, server: blocks * 400 } };
}
