import { EXIT, MeshproofError } from '../../errors.ts';
import { type LabelSelector, labelsFor, selects } from '../../kubernetes/label-selector.ts';
import { isInRig } from '../../rigs/rig.ts';

/** The fields of istiod's MutatingWebhookConfiguration that are read, with the API server's names. */
export interface InjectorConfiguration {
  metadata: { name: string; labels?: Record<string, string> };
  webhooks?: {
    clientConfig?: { service?: { namespace?: string } };
    namespaceSelector?: LabelSelector;
    objectSelector?: LabelSelector;
  }[];
}

/** An istiod, or several of one revision. */
export interface ControlPlane {
  revision: string;
  namespace: string;
  /** Tags of the revision, which may be moved to another one. */
  tags: readonly string[];
}

/** The label by which a namespace selects a revision or tag, and Istio's older one, which selects the default revision. */
export const REVISION_LABEL = 'istio.io/rev';
const INJECTION_LABEL = 'istio-injection';
const BY_DEFAULT = { label: INJECTION_LABEL, value: 'enabled' };
const TAG_LABEL = 'istio.io/tag';
/** The name of the revision of an installation that names none. */
export const DEFAULT_REVISION = 'default';

/** The revision of an injector or of an istiod pod. */
export const revisionIn = ({ labels = {} }: { labels?: Record<string, string> }): string => labels[REVISION_LABEL] ?? DEFAULT_REVISION;

/**
 * The control planes of a cluster, found through their injectors. Excludes those that a check has installed and those that run outside the
 * cluster.
 */
export function controlPlanes(configurations: readonly InjectorConfiguration[]): ControlPlane[] {
  const all = configurations.flatMap(({ metadata, webhooks = [] }) => {
    const namespace = webhooks.map(({ clientConfig }) => clientConfig?.service?.namespace).find((name) => name !== undefined);
    const revision = revisionIn(metadata);
    return namespace === undefined || isInRig(namespace) ? [] : [{ revision, namespace, tag: metadata.labels?.[TAG_LABEL] }];
  });
  return [...Map.groupBy(all, ({ revision }) => revision)].map(([revision, members]) => ({
    revision,
    namespace: members[0]?.namespace ?? '',
    tags: members.flatMap(({ tag }) => tag ?? []).toSorted(),
  }));
}

/**
 * The revision whose injector handles a new pod in a namespace with these labels; undefined if none does. The pod itself has none of
 * Istio's labels.
 */
export function injectorOf(configurations: readonly InjectorConfiguration[], labels: Readonly<Record<string, string>>): string | undefined {
  const found = configurations.find(({ webhooks = [] }) =>
    webhooks.some(({ namespaceSelector, objectSelector }) => selects(namespaceSelector, labels) && selects(objectSelector, {})),
  );
  return found === undefined ? undefined : revisionIn(found.metadata);
}

/** The label by which a namespace requests proxies. */
export interface InjectionLabel {
  label: string;
  value: string;
}

export const labelledBy = ({ label, value }: InjectionLabel): Record<string, string> => ({ [label]: value });

/** The injection label of an ordinary installation. */
export function usualInjection(revision: string = DEFAULT_REVISION): InjectionLabel {
  return revision === DEFAULT_REVISION ? BY_DEFAULT : { label: REVISION_LABEL, value: revision };
}

/** A control plane, and which namespaces it handles. */
export interface ChosenPlane {
  plane: ControlPlane;
  injection: InjectionLabel;
  /** Labels of a namespace whose pods get no proxy. */
  unmeshed: Record<string, string>;
}

/**
 * The control plane of the given revision or tag; if none is given, the one that injects by the label `istio-injection`, or else the only
 * one.
 * @throws MeshproofError `ISTIOD_MISSING`, and with exit code 2 `REVISION_UNKNOWN` or `REVISION_NOT_NAMED`
 */
export function chooseControlPlane(configurations: readonly InjectorConfiguration[], wanted: string | undefined): ChosenPlane {
  const planes = controlPlanes(configurations);
  const [only, ...others] = planes;
  if (only === undefined)
    throw new MeshproofError('ISTIOD_MISSING', 'no injector of istiod was found in this cluster', { hint: 'install Istio first' });
  const names = planes.map(({ revision, tags }) => (tags.length === 0 ? revision : `${revision} (tags: ${tags.join(', ')})`)).join(', ');
  const byDefault = injectorOf(configurations, labelledBy(BY_DEFAULT));
  const chosen =
    wanted === undefined
      ? (planes.find(({ revision }) => revision === byDefault) ?? (others.length === 0 ? only : undefined))
      : planes.find(({ revision, tags }) => revision === wanted || tags.includes(wanted));
  if (chosen === undefined && wanted !== undefined)
    throw refusal('REVISION_UNKNOWN', `this cluster has no revision or tag ${wanted} of Istio`, `there are ${names}`);
  if (chosen === undefined)
    throw refusal(
      'REVISION_NOT_NAMED',
      `this cluster has several revisions of Istio and no default one: ${names}`,
      'choose with --revision',
    );
  const candidates = [
    ...(wanted === undefined && chosen.revision === byDefault ? [BY_DEFAULT] : []),
    { label: REVISION_LABEL, value: wanted ?? chosen.revision },
  ];
  const injection = candidates.find((one) => injectorOf(configurations, labelledBy(one)) === chosen.revision);
  if (injection === undefined)
    throw new MeshproofError('INJECTOR_MISSING', `no namespace label makes revision ${chosen.revision} of Istio inject pods`, {
      hint: 'see the namespaceSelectors of its MutatingWebhookConfiguration; a revision tag may be missing',
    });
  const isInjectedAnyhow = injectorOf(configurations, {}) !== undefined;
  return { plane: chosen, injection, unmeshed: isInjectedAnyhow ? { [INJECTION_LABEL]: 'disabled' } : {} };
}

/**
 * Adds the labels that the control plane requires of namespaces that it watches.
 * @param selectors discovery selectors of MeshConfig; without any, every namespace is watched
 * @throws MeshproofError `NAMESPACES_UNFIT` if no labels can match
 */
export function discoverable(labels: Record<string, string>, selectors: readonly LabelSelector[]): Record<string, string> {
  if (selectors.length === 0 || selectors.some((selector) => selects(selector, labels))) return labels;
  for (const selector of selectors) {
    const added = labelsFor(selector, labels);
    if (added !== undefined) return { ...labels, ...added };
  }
  throw new MeshproofError('NAMESPACES_UNFIT', 'the discoverySelectors of MeshConfig exclude every namespace that meshproof could create', {
    hint: 'ask the owner of the mesh to add a selector by label, or to create matching namespaces for --namespaces',
  });
}

function refusal(code: string, message: string, hint: string): MeshproofError {
  return new MeshproofError(code, message, { hint, exitCode: EXIT.usage });
}
