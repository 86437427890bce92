import type { MeshSettings, NamespaceMarks } from './settings.ts';

/** What the mesh of a cluster is found to be, before anything is made on it. */
export interface MeshSurvey {
  settings: MeshSettings;
  /** Of the control plane, without repetitions. */
  versions: readonly string[];
  /** By name, in the order in which a person reads them, e.g. `trust domain` → `corp.example`. */
  facts: Readonly<Record<string, string>>;
  /** What its owner has set up for all namespaces, each as `<kind> <name> in <namespace>`, with what it says where that is short. */
  standing: readonly string[];
  /** Which control plane writes proxies into new pods of such a namespace, as `settings.controlPlane` names it; undefined where none does. */
  injectorOf: (namespace: NamespaceMarks) => string | undefined;
}

/** A survey in lines, each with a name or a count before what is found. */
export function surveyLines({ facts, standing }: Pick<MeshSurvey, 'facts' | 'standing'>): string[] {
  return [...Object.entries(facts).map(([name, value]) => `${name}: ${value}`), ...standing.map((what) => `for all namespaces: ${what}`)];
}
