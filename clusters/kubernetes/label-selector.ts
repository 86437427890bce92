/** A Kubernetes label selector, with the API server's field names. */
export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'; values?: string[] }[];
}

/** A label that the API server sets on every namespace to its name; it cannot have another value. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/** Whether a selector matches an object with these labels. An empty or missing selector matches every object. */
export function selects(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector = {},
  labels: Readonly<Record<string, string>>,
): boolean {
  const equal = Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
  return (
    equal &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
        default:
          return false;
      }
    })
  );
}

/**
 * The labels that an object would need in addition to be matched.
 * @returns undefined if no additional labels can do that: an existing label conflicts, or the selector matches names of namespaces
 */
export function labelsFor(selector: LabelSelector, labels: Readonly<Record<string, string>>): Record<string, string> | undefined {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const asked = matchExpressions.flatMap(({ key, operator, values = [] }): [string, string][] => {
    if (labels[key] !== undefined) return [];
    return operator === 'In' ? [[key, values[0] ?? '']] : operator === 'Exists' ? [[key, 'true']] : [];
  });
  const added = { ...Object.fromEntries(asked), ...matchLabels };
  return !(NAME_LABEL in added) && selects(selector, { ...labels, ...added }) ? added : undefined;
}
