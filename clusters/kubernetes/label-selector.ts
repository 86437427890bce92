/** A Kubernetes label selector; field names are the API server's. */
export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'; values?: string[] }[];
}

/** A label that the API server gives every namespace, with its name: nobody can set another value. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/** Whether a selector chooses an object with these labels. An empty selector, and none, choose every object. */
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
 * The labels that an object needs to be chosen beside those that it has.
 * @returns undefined where no labels can do that: a label that it has is in the way, or the selector goes by the names of namespaces
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
