import type { Right } from '../existing/right.ts';
import type { KindSchemas } from '../kubernetes/kind-schemas.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import type { MeshSettings, NamespaceMarks } from './settings.ts';

/** What the chosen checks do beside applying objects, sending requests and reading. */
export interface Uses {
  /** Give workloads their proxy by hand. */
  manualInjection: boolean;
  /** Run the load generator. */
  load: boolean;
}

/** Namespaces of which the proxies may feel what a check applies. */
export interface Island {
  /** The rig's name, by which its labels differ from those of every other rig. */
  rig: string;
  /** The rig's namespaces, and those that the check itself makes. */
  namespaces: ReadonlySet<string>;
}

/** What is true of a mesh wherever it runs; no cluster is asked. */
export interface MeshFacts {
  readonly name: string;
  /** Where its own tools put its control plane unless they are told otherwise; for whoever can ask no cluster. */
  readonly usualNamespace: string;
  /** The pods of the control plane, by their labels, and the port at which proxies get their configuration from it. */
  readonly controlPlane: { readonly selector: string; readonly port: number };
  /** What the parts are called whose versions a run tells. */
  readonly parts: { readonly controlPlane: string; readonly proxy: string };
  /** Which proxies a control plane supports, by the mesh's own policy. */
  readonly skew: {
    /** How many minor versions a proxy may be behind. */
    readonly mostBehind: number;
    /** What says more where the control plane does not. */
    readonly hint: string;
  };
  /** By what a namespace's new pods get a proxy of a control plane, unless it was installed in an unusual way; for whoever can ask no cluster. */
  readonly usualMarks: (revision?: string) => NamespaceMarks;
  /** The name of the proxy's container in a pod. */
  readonly proxyContainer: string;
  /** The user as whom it runs, whose connections it does not take itself. */
  readonly proxyUser: number;
  /** The programs of that container, by the kernel's names of their processes. */
  readonly proxyPrograms: readonly string[];
  /** How long a proxy may keep what it has logged before it writes it. */
  readonly logFlushMs: number;
  /** Where a gateway of the mesh answers 200 once it is ready, apart from all that is routed; undefined for a mesh that has no gateways. */
  readonly gatewayProbe?: { readonly port: number; readonly path: string };
  /** How the keys of token issuers come to the proxies; undefined for a mesh that does not validate tokens. */
  readonly jwks?: {
    /** Fetches of one address, counted from a change of the keys, after which the change has been sent to the proxies. */
    readonly fetches: number;
    /** Who is to fetch them, and how often, as it completes the sentence "waited for …". */
    readonly renewal: string;
  };
  /** Annotations of pods whose proxies shall act on changes soon, whatever the mesh's own defaults are. */
  readonly fastDrainAnnotations: Readonly<Record<string, string>>;
  /** Annotations of a Service of which the mesh shall tell the proxies of these namespaces alone. */
  readonly exportedTo: (namespaces: readonly string[]) => Record<string, string>;
  /** What its adapter places in each rig to see changes take effect: a sentence that begins with kind and name, for each. */
  readonly placedInRigs: readonly string[];
  /** What its adapter asks of an API server beside what any mesh needs. */
  readonly rights: (uses: Uses) => readonly Right[];
  /** Names of the mesh's own admission webhooks, which judge its configuration. */
  readonly ownWebhooks: RegExp;
  /** Of which kinds its adapter may add objects to those of a check, to undo what stands above them; see `Circumstances.settle`. */
  readonly settledBy: readonly { group: string; kind: string }[];
  /** The schemas of its kinds, in one of its module's versions; default the first. */
  readonly schemas: (version?: string) => KindSchemas;
  /** Whether the object acts on proxies of every namespace. */
  readonly isMeshWide: (object: Manifest, settings: Pick<MeshSettings, 'rootNamespace'>) => boolean;
  /**
   * By what the objects of a check would act on proxies outside of its rig, each as a sentence that says what mends it.
   * The schemas of the kinds are held against elsewhere.
   */
  readonly reachesOf: (objects: readonly Manifest[], island: Island) => string[];
  /** Kinds whose objects act on proxies of other namespaces than their own, as `intrusionsOf` tells. */
  readonly exportedKinds: readonly (readonly [apiVersion: string, kind: string])[];
  /**
   * How objects that stand outside of a rig act on its proxies, each as a sentence.
   * @param own objects of the rig and of its check, each with its namespace
   */
  readonly intrusionsOf: (others: readonly Manifest[], own: readonly Manifest[], island: Pick<Island, 'namespaces'>) => string[];
  /** Whether a manifest describes a revision of the mesh, see `MeshRevisions`. */
  readonly describesRevision: (object: Manifest) => boolean;
}
