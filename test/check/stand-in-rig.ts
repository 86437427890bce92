import { FACTS } from '../../clusters/istio/facts.ts';
import type { ObjectRef } from '../../clusters/kubernetes/live-object.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import type { Circumstances } from '../../clusters/mesh/circumstances.ts';
import type { Rig } from '../../fixtures/rig/rig.ts';
import { ownedBy } from '../rigs/owned-by.ts';
import { SAMPLES } from '../rigs/samples.ts';
import { SETTINGS } from '../rigs/stand-in-rigs.ts';

/** A rig whose "mesh" is the configuration that was applied last, with a log of the calls. */
export class StandInRig {
  readonly log: string[] = [];
  readonly objects = new Map<string, Manifest>();
  refusesRemoval = false;
  /** How webhooks of others alter an object. */
  admits = (object: Manifest): Manifest => object;
  /** The circumstances of checks. */
  circumstances: Circumstances = { settle: (objects) => [...objects], opaque: [] };
  /** An outage of the control plane. */
  withoutControlPlane = async (body: () => Promise<void>): Promise<void> => {
    this.log.push('control plane down');
    await body().finally(() => this.log.push('control plane up'));
  };
  readonly rig: Rig;

  constructor() {
    const name = ({ kind, metadata }: Manifest) => `${kind}/${metadata.name}`;
    const stand = {
      namespace: 'rig',
      pods: [],
      agents: new Map(),
      cluster: { provider: 'kind' },
      actors: {
        caller: 'caller',
        unmeshedCaller: 'unmeshedCaller',
        controlPlane: { without: (body: () => Promise<void>) => this.withoutControlPlane(body) },
      },
      samples: async () => SAMPLES,
      changes: {
        assertOpen: () => undefined,
        during: async (change: () => Promise<unknown>) => await change(),
        refuseChanges: async (reason: Error) => void this.log.push(`closed: ${reason.message}`),
        journal: { isEmpty: true, add: async () => undefined, clear: async () => undefined, requireHeld: async () => undefined },
        apply: async (objects: Manifest[]) => {
          for (const object of objects) {
            this.log.push(`apply ${name(object)} ${this.#modeOf(object)}`);
            this.objects.set(name(object), this.admits(object));
          }
          return objects.map((object) => ownedBy('run', this.objects.get(name(object)) ?? object));
        },
      },
      faults: {
        declare: () => undefined,
        refuse: ({ message }: Error) => void this.log.push(`no more faults: ${message}`),
        revertAll: async () => void this.log.push('revert faults'),
      },
      externalServices: { objects: [] },
      owner: 'run',
      api: {
        find: async ({ kind, name }: ObjectRef) => {
          const object = this.objects.get(`${kind}/${name}`);
          return object === undefined ? undefined : ownedBy('run', object);
        },
        remove: async (objects: Manifest[]) => {
          if (this.refusesRemoval && objects.length > 0) throw new Error('the API server is gone');
          for (const object of objects) {
            this.log.push(`remove ${name(object)}`);
            this.objects.delete(name(object));
          }
        },
        events: async () => [],
        list: async () => [],
      },
      settings: { ...SETTINGS, rootNamespace: 'root' },
      mesh: {
        facts: FACTS,
        injector: { outages: async () => [] },
        converge: async () => {
          this.log.push('converge');
          return { enforcedMs: 2, stages: {} };
        },
        diagnostics: async () => ({}),
        circumstances: async () => this.circumstances,
      },
      reset: async () => void this.log.push('reset'),
      replace: async () => void this.log.push('replace'),
    };
    this.rig = stand as unknown as Rig;
  }

  #modeOf({ spec }: Manifest): string {
    return (spec as { mtls: { mode: string } }).mtls.mode;
  }

  /** The value that the body of a check would measure. */
  get mode(): string | undefined {
    const [object] = this.objects.values();
    return object === undefined ? undefined : this.#modeOf(object);
  }
}
