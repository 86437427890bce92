import { Option, type Command } from 'commander';

import { DEFAULT_MESH, meshModule, MESHES, type Mesh } from '../../clusters/meshes.ts';
import { EXIT } from '../../clusters/errors.ts';
import { command, dnsLabel, LONGEST_PREFIX, names, positiveInteger } from '../console/command.ts';

interface RbacOptions {
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

export function rbacCommand(): Command {
  return command('rbac', {
    about:
      'Prints a service account with the least rights that --provider=existing needs, for the owner of a cluster to read and apply. Asks no cluster.',
    example: 'npx meshproof rbac --suite=routing > rbac.yaml',
  })
    .option('--name <name>', 'of the account and of its roles', dnsLabel(), 'meshproof')
    .option('--namespace <name>', 'where the account lives', dnsLabel(), 'meshproof-system')
    .option('--namespaces <prefix>', 'of the namespaces for rigs, which the manifest makes', dnsLabel(LONGEST_PREFIX), 'meshproof')
    .option(
      '--create-namespaces',
      'instead let the account make and remove namespaces itself, which takes the same rights in every namespace',
    )
    .option('--workers <n>', 'rigs, one a check that runs at once', positiveInteger, 2)
    .addOption(new Option('--suite <names...>', 'rights for these suites only').argParser(names).default([], 'all'))
    .addOption(new Option('--check <ids...>', 'rights for these checks only').argParser(names).default([], 'all'))
    .addOption(new Option('--mesh <mesh>', 'which mesh').choices(MESHES).default(DEFAULT_MESH))
    .option('--allow-mesh-wide', 'also rights for checks that change the whole mesh')
    .action(async (options: RbacOptions) => {
      const { accountManifests } = await import('../../clusters/existing/account.ts');
      const { appliedKinds } = await import('../run/applied-kinds.ts');
      const applies = await appliedKinds({ suites: options.suite, ids: options.check, filters: [] }, options.mesh);
      const { facts } = await meshModule(options.mesh);
      const objects = accountManifests({
        ...options,
        mesh: facts,
        ...applies,
        meshWide: options.allowMeshWide === true ? applies.meshWide : [],
        createNamespaces: options.createNamespaces === true,
        rigs: options.workers,
      });
      const { Document, isScalar, visit } = await import('yaml');
      const texts = objects.map((object) => {
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
      process.exitCode = EXIT.ok;
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
