import { expect, test } from '@playwright/test';
import fc from 'fast-check';

import { labelsFor, selects, type LabelSelector } from '../../clusters/kubernetes/label-selector.ts';

const expression = (operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist', ...values: string[]): LabelSelector => ({
  matchExpressions: [{ key: 'team', operator, ...(values.length === 0 ? {} : { values }) }],
});

test('Matches like Kubernetes', () => {
  const table: [LabelSelector | undefined, Record<string, string>, boolean][] = [
    [undefined, {}, true],
    [{}, { team: 'a' }, true],
    [{ matchLabels: { team: 'a' } }, { team: 'a', other: 'b' }, true],
    [{ matchLabels: { team: 'a' } }, { team: 'b' }, false],
    [expression('In', 'a', 'b'), { team: 'b' }, true],
    [expression('In', 'a'), {}, false],
    [expression('NotIn', 'a'), {}, true],
    [expression('NotIn', 'a'), { team: 'a' }, false],
    [expression('Exists'), { team: '' }, true],
    [expression('Exists'), {}, false],
    [expression('DoesNotExist'), {}, true],
    [expression('DoesNotExist'), { team: 'a' }, false],
    [{ ...expression('Exists'), matchLabels: { mesh: 'on' } }, { team: 'a' }, false],
  ];
  for (const [selector, labels, chosen] of table) expect(selects(selector, labels), JSON.stringify([selector, labels])).toBe(chosen);
});

test('Adds labels that a selector requires, and none that could not help', () => {
  expect(labelsFor({ matchLabels: { mesh: 'on' } }, { team: 'a' })).toEqual({ mesh: 'on' });
  expect(labelsFor(expression('In', 'a', 'b'), {})).toEqual({ team: 'a' });
  expect(labelsFor(expression('In', 'a', 'b'), { team: 'b' })).toEqual({});
  expect(labelsFor(expression('DoesNotExist'), { team: 'b' })).toBeUndefined();
  expect(labelsFor({ matchLabels: { 'kubernetes.io/metadata.name': 'shop' } }, {})).toBeUndefined();
});

test('Makes the selector match whenever it adds labels', () => {
  const word = fc.constantFrom('a', 'b', 'c');
  const selector = fc.record({
    matchLabels: fc.dictionary(word, word),
    matchExpressions: fc.array(
      fc.record({
        key: word,
        operator: fc.constantFrom('In' as const, 'NotIn' as const, 'Exists' as const, 'DoesNotExist' as const),
        values: fc.array(word, { minLength: 1 }),
      }),
    ),
  });
  fc.assert(
    fc.property(selector, fc.dictionary(word, word), (some, labels) => {
      const added = labelsFor(some, labels);
      return added === undefined || selects(some, { ...labels, ...added });
    }),
  );
});
