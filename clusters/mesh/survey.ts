import type { MeshSettings, NamespaceMarks } from './settings.ts';

/** Facts about the mesh of a cluster, read before anything is created there. */
export interface MeshSurvey {
  settings: MeshSettings;
  /** Versions of the control plane, without duplicates. */
  versions: readonly string[];
  /** By name, in reading order, e.g. `trust domain` → `corp.example`. */
  facts: Readonly<Record<string, string>>;
  /** The owner's configuration for all namespaces, each as `<kind> <name> in <namespace>`, with its settings if they are short. */
  standing: readonly string[];
  /**
   * Which control plane injects proxies into new pods of such a namespace, in the form of `settings.controlPlane`; undefined if none does.
   */
  injectorOf: (namespace: NamespaceMarks) => string | undefined;
}

/** The survey as lines, each starting with a name or a count. */
export function surveyLines({ facts, standing }: Pick<MeshSurvey, 'facts' | 'standing'>): string[] {
  return [...Object.entries(facts).map(([name, value]) => `${name}: ${value}`), ...standing.map((what) => `for all namespaces: ${what}`)];
}
