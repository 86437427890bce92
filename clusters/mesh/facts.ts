import type { Right } from '../existing/right.ts';
import type { KindSchemas } from '../kubernetes/kind-schemas.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import type { MeshSettings, NamespaceMarks } from './settings.ts';

/** What the chosen checks do in addition to applying objects, sending requests and reading. */
export interface Uses {
  /** Inject proxies into workloads by command-line tool. */
  manualInjection: boolean;
  /** Run the load generator. */
  load: boolean;
  /** Make the injector unreachable. */
  injectorOutage: boolean;
}

/** Namespaces whose proxies a check may affect. */
export interface Confines {
  /** The rig's name, which makes its labels unique. */
  rig: string;
  /** The rig's namespaces, and those that the check creates. */
  namespaces: ReadonlySet<string>;
}

/** Facts about a mesh that hold on every cluster; no cluster is queried. */
export interface MeshFacts {
  readonly name: string;
  /** The namespace in which its tools install the control plane by default; used if no cluster can be queried. */
  readonly usualNamespace: string;
  /** Selects the control plane's pods by label, and the port from which proxies get their configuration. */
  readonly controlPlane: { readonly selector: string; readonly port: number };
  /** Names of the parts whose versions a run reports. */
  readonly parts: { readonly controlPlane: string; readonly proxy: string };
  /** Which proxies a control plane supports, by the mesh's own policy. */
  readonly skew: {
    /** How many minor versions a proxy may be behind. */
    readonly mostBehind: number;
    /** Where to find more if the control plane does not report the proxies' versions. */
    readonly hint: string;
  };
  /** How a namespace requests proxies for its new pods from a standard installation; used if no cluster can be queried. */
  readonly usualMarks: (revision?: string) => NamespaceMarks;
  /** The name of the proxy's container in a pod. */
  readonly proxyContainer: string;
  /** The user that the proxy runs as, whose connections it does not intercept. */
  readonly proxyUser: number;
  /** Process names of the programs in that container, as the kernel reports them. */
  readonly proxyPrograms: readonly string[];
  /** How long a proxy may buffer its log. */
  readonly logFlushMs: number;
  /**
   * A port and path on which a gateway of the mesh answers 200 once it is ready, whatever it routes; undefined for a mesh without gateways.
   */
  readonly gatewayProbe?: { readonly port: number; readonly path: string };
  /** How the keys of token issuers reach the proxies; undefined for a mesh that does not validate tokens. */
  readonly jwks?: {
    /** Number of fetches of one address, counted from a change of the keys, after which the change has been sent to the proxies. */
    readonly fetches: number;
    /** What fetches them, and how often, as the completion of "waited for …". */
    readonly renewal: string;
  };
  /** Annotations of pods whose proxies must apply changes quickly, whatever the mesh's defaults are. */
  readonly fastDrainAnnotations: Readonly<Record<string, string>>;
  /** Annotations that limit a Service to the proxies of these namespaces. */
  readonly exportedTo: (namespaces: readonly string[]) => Record<string, string>;
  /**
   * The objects that its adapter places in each rig to observe changes taking effect, each as a sentence that begins with kind and name.
   */
  readonly placedInRigs: readonly string[];
  /** The permissions that its adapter needs in addition to those that every mesh needs. */
  readonly rights: (uses: Uses) => readonly Right[];
  /** Matches the names of the mesh's own admission webhooks, which validate its configuration. */
  readonly ownWebhooks: RegExp;
  /**
   * Kinds of the objects that its adapter may add to those of a check, to override configuration at a higher level; see
   * `Circumstances.settle`.
   */
  readonly settledBy: readonly { group: string; kind: string }[];
  /** The schemas of its kinds in a version of the module; default the first. */
  readonly schemas: (version?: string) => KindSchemas;
  /** Whether the object affects proxies of every namespace. */
  readonly isMeshWide: (object: Manifest, settings: Pick<MeshSettings, 'rootNamespace'>) => boolean;
  /**
   * Describes how objects of a check would affect proxies outside its rig, and how to fix each. The objects are validated against their
   * schemas elsewhere.
   */
  readonly reachesOf: (objects: readonly Manifest[], confines: Confines) => string[];
  /** Kinds whose objects may affect proxies of other namespaces, see `intrusionsOf`. */
  readonly exportedKinds: readonly (readonly [apiVersion: string, kind: string])[];
  /**
   * Describes how objects outside a rig affect its proxies.
   * @param own objects of the rig and of its check, each with its namespace
   */
  readonly intrusionsOf: (others: readonly Manifest[], own: readonly Manifest[], confines: Pick<Confines, 'namespaces'>) => string[];
  /** Whether a manifest describes a revision of the mesh, see `MeshRevisions`. */
  readonly describesRevision: (object: Manifest) => boolean;
}
