import { Document, isScalar, visit } from 'yaml';

import { EXIT } from '../../clusters/errors.ts';
import { accountManifests, type AccountOptions } from '../../clusters/existing/account.ts';
import { settlingKinds } from '../../clusters/existing/inspection.ts';
import { rigNames } from '../../clusters/existing/namespaces.ts';
import type { AppliedKind } from '../../clusters/existing/rights.ts';
import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { omitUndefined } from '../../clusters/kubernetes/omit-undefined.ts';
import type { MeshFacts } from '../../clusters/mesh/facts.ts';
import { adapterOf, meshModule, type Mesh } from '../../clusters/meshes.ts';
import type { AppliedByChecks } from '../../clusters/provider.ts';
import type { FaultKind } from '../../fixtures/contract/faults.ts';
import { appliedBy } from '../run/applied-kinds.ts';
import { DEFAULT_SUITES } from '../run/checks.ts';
import { contradiction } from '../run/provider.ts';

/** The options of `meshproof rbac`. */
export interface RbacOptions {
  name: string;
  namespace: string;
  namespaces: string;
  createNamespaces?: boolean;
  workers: number;
  suite: string[];
  check: string[];
  mesh: Mesh;
  allowMeshWide?: boolean;
  allowFaults?: FaultKind[];
  context?: string;
  kubeconfig?: string;
  revision?: string;
  meshNamespace?: string;
  rootNamespace?: string;
  pullSecret?: string;
}

/** Prints the manifest of the account. @returns the exit code */
export async function printAccount(options: RbacOptions): Promise<number> {
  refuseStray(options);
  const applies = await appliedBy({ suites: options.suite, ids: options.check, filters: [] }, options.mesh);
  const texts = (await accountOf(options, applies)).map((object) => {
    const document = new Document(object, { aliasDuplicateObjects: false });
    // A list of scalars takes one line, so that the permissions can be read at a glance.
    visit(document, {
      Seq: (_, list) => {
        list.flow = list.items.every((item) => isScalar(item));
      },
    });
    return document.toString({ lineWidth: 140 });
  });
  process.stdout.write(`${header(options)}${texts.join('---\n')}`);
  return EXIT.ok;
}

/** An option for the source of the mesh's configuration that is not used would be ignored without a word. */
function refuseStray({ context, kubeconfig, meshNamespace, rootNamespace }: RbacOptions): void {
  if (context === undefined && kubeconfig !== undefined)
    throw contradiction('--kubeconfig is given without --context', 'add --context, or omit --kubeconfig');
  const told = meshNamespace === undefined ? '--root-namespace' : '--mesh-namespace';
  if (context !== undefined && (meshNamespace ?? rootNamespace) !== undefined)
    throw contradiction(`${told} has no effect with --context, because the cluster provides it`, 'omit one of them');
}

/** The manifests of an account with the permissions that such checks need. */
export async function accountOf(options: RbacOptions, applies: AppliedByChecks): Promise<Manifest[]> {
  const { facts } = await meshModule(options.mesh);
  const { allowMeshWide = false, allowFaults = [] } = options;
  const injectorOutage = applies.uses.injectorOutage && allowMeshWide && allowFaults.includes('injector');
  const { settling, places } = options.context === undefined ? guessed(options, facts) : await asked(options, applies);
  return accountManifests({
    ...options,
    mesh: facts,
    places,
    ...applies,
    kinds: [...applies.kinds, ...settling],
    meshWide: allowMeshWide ? applies.meshWide : [],
    uses: { ...applies.uses, injectorOutage },
    createNamespaces: options.createNamespaces === true,
    rigs: options.workers,
  });
}

/** What the permissions depend on besides the checks. */
interface Surroundings {
  places: AccountOptions['places'];
  /** Kinds of the objects that override the cluster's configuration in the rigs. */
  settling: AppliedKind[];
}

/** From the options, or else the defaults of the mesh. */
function guessed({ revision, meshNamespace, rootNamespace }: RbacOptions, facts: MeshFacts): Surroundings {
  const controlPlaneNamespace = meshNamespace ?? facts.usualNamespace;
  const namespaces = { meshed: facts.usualMarks(revision), unmeshed: {} };
  return { places: { controlPlaneNamespace, rootNamespace: rootNamespace ?? controlPlaneNamespace, namespaces }, settling: [] };
}

/** As read from the cluster. */
async function asked({ mesh, context, kubeconfig, revision, namespaces }: RbacOptions, applies: AppliedByChecks): Promise<Surroundings> {
  const api = await KubernetesApi.open(omitUndefined({ context, kubeconfig }));
  try {
    const adapter = await adapterOf({ mesh, ...omitUndefined({ revision }) }, api);
    const [rig = ''] = rigNames(namespaces, 1);
    return { places: await adapter.settings(), settling: await settlingKinds(adapter, applies.assumes, rig) };
  } finally {
    api.close();
  }
}

function header({ name, namespace, createNamespaces, suite, check, allowMeshWide, context }: RbacOptions): string {
  const what = [...suite, ...check].join(', ') || DEFAULT_SUITES;
  return [
    `# What meshproof needs in a cluster that it does not own, for ${what}${allowMeshWide === true ? ', mesh-wide checks included' : ''}.`,
    ...(context === undefined
      ? [
          '# Without --context, the configuration of the mesh for all namespaces is unknown; undoing it for the sample pods may need more permissions.',
        ]
      : []),
    createNamespaces === true
      ? '# RBAC cannot grant permissions by name prefix: an account that creates its own namespaces has these permissions in every namespace.'
      : [
          "# Outside the namespaces below, the account can only list injectors, and read and port-forward in the control plane's namespace.",
          '# Port-forwarding is powerful: it reaches the admin port of every proxy there and the debug endpoints of the control plane.',
        ].join('\n'),
    `# A token: kubectl create token ${name} --namespace ${namespace} --duration 4h`,
    '',
  ].join('\n');
}
