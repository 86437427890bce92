import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { importsOf, PROJECT, sources, targetOf } from './sources.ts';

/**
 * The groups of files that import each other, directly or indirectly: the strongly connected components of the graph, found with Tarjan's
 * algorithm.
 * @param graph each file with the files that it imports
 */
function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const order = new Map<string, number>();
  const path: string[] = [];
  /** Visits a file, and returns the number of the earliest file on the path that can be reached from it. */
  const visit = (file: string): number => {
    const own = order.size;
    order.set(file, own);
    path.push(file);
    const imported = (graph.get(file) ?? []).map((to) => (order.has(to) ? earlier(to) : visit(to)));
    const earliest = Math.min(own, ...imported);
    if (earliest === own) {
      const part = path.splice(path.indexOf(file));
      if (part.length > 1 || graph.get(file)?.includes(file)) cycles.push(part.toSorted());
    }
    return earliest;
  };
  const earlier = (file: string): number => (path.includes(file) ? (order.get(file) ?? Infinity) : Infinity);
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return cycles;
}

test('Contains no import cycle, types included', () => {
  const files = sources().filter((file) => file.endsWith('.ts'));
  const graph = new Map(
    files.map((file) => {
      const imports = importsOf(readFileSync(join(PROJECT, file), 'utf8'));
      return [file, imports.flatMap((name) => targetOf(file, name) ?? [])];
    }),
  );
  expect(cyclesIn(graph)).toEqual([]);
});

test('Finds every cycle, and nothing else', () => {
  const graph = new Map([
    ['a', ['b', 'd']],
    ['b', ['c']],
    ['c', ['b', 'd']],
    ['d', ['e']],
    ['e', []],
    ['f', ['g', 'a']],
    ['g', ['h']],
    ['h', ['f', 'd']],
    ['i', ['i']],
  ]);
  expect(cyclesIn(graph)).toEqual([['b', 'c'], ['f', 'g', 'h'], ['i']]);
});
