import { Document, isScalar, visit } from 'yaml';

import { EXIT } from '../../clusters/errors.ts';
import { accountManifests } from '../../clusters/existing/account.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { meshModule, type Mesh } from '../../clusters/meshes.ts';
import { appliedKinds } from '../run/applied-kinds.ts';
import type { Applied } from '../run/kinds.ts';

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
}

/** Prints the manifest of the account. @returns the exit code */
export async function printAccount(options: RbacOptions): Promise<number> {
  const applies = await appliedKinds({ suites: options.suite, ids: options.check, filters: [] }, options.mesh);
  const texts = (await accountOf(options, applies)).map((object) => {
    const document = new Document(object, { aliasDuplicateObjects: false });
    // One line a list of words: what is granted is then seen at a glance.
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

/** The account with its rights and places, for checks that apply objects of these kinds. */
export async function accountOf(options: RbacOptions, applies: Applied): Promise<Manifest[]> {
  const { facts } = await meshModule(options.mesh);
  return accountManifests({
    ...options,
    mesh: facts,
    ...applies,
    meshWide: options.allowMeshWide === true ? applies.meshWide : [],
    createNamespaces: options.createNamespaces === true,
    rigs: options.workers,
  });
}

function header({ name, namespace, createNamespaces, suite, check, allowMeshWide }: RbacOptions): string {
  const what = [...suite, ...check].join(', ') || 'all suites';
  return [
    `# What meshproof needs in a cluster that it does not own, for ${what}${allowMeshWide === true ? ', mesh-wide checks included' : ''}.`,
    createNamespaces === true
      ? '# RBAC knows no prefix of names: who may make namespaces and work in them holds these rights in every namespace.'
      : [
          '# Outside of the namespaces below the account can only read and port-forward in that of the mesh. Port-forwarding is not little: it reaches',
          '# the admin port of each proxy there and the debug pages of the control plane.',
        ].join('\n'),
    `# A token: kubectl create token ${name} --namespace ${namespace} --duration 4h`,
    '',
  ].join('\n');
}
