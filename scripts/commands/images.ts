import { Option, type Command } from 'commander';

import type { Mesh } from '../../clusters/meshes.ts';
import { REGISTRY } from '../console/cluster-options.ts';
import { command } from '../console/command.ts';
import { meshOption } from '../console/mesh-option.ts';

export function imagesCommand(): Command {
  const images = command('images', {
    about: 'Lists, builds, saves and locks the images that clusters use.',
    example: 'npx meshproof images build',
  });
  images.addCommand(listCommand());
  images.addCommand(buildCommand());
  images.addCommand(saveCommand());
  images.addCommand(lockCommand());
  return images;
}

function listCommand(): Command {
  return command('list', {
    about: 'Lists every image: where it is published, and whether it can be built or has been built.',
    example: 'npx meshproof images list',
  })
    .addOption(new Option('-o, --output <format>', 'text or json').choices(['text', 'json']).default('text'))
    .action(async ({ output }: { output: 'text' | 'json' }) => {
      const { printImages } = await import('../actions/images.ts');
      process.exitCode = await printImages(output);
    });
}

function buildCommand(): Command {
  return command('build', {
    about: 'Builds the missing images from package registries, and the node image that contains them all.',
    example: 'npx meshproof images build',
  })
    .addOption(meshOption('mesh to use'))
    .option('--no-engine', 'never start a private Docker engine')
    .action(async (options: { mesh: Mesh; engine: boolean }) => {
      const { buildImages } = await import('../actions/images.ts');
      process.exitCode = await buildImages(options);
    });
}

function lockCommand(): Command {
  return command('lock', {
    about:
      'Writes the digests and checksums that registries, release pages and the Python index give now into clusters/images/lock.json. Everything that has a row there may be nothing else; what nobody answers for stays as it was.',
    example: 'npx meshproof images lock',
  })
    .option('--registry <prefix>', REGISTRY)
    .option('--no-engine', 'never start a private Docker engine')
    .action(async (options: { registry?: string; engine: boolean }) => {
      const { lockImages } = await import('../actions/images.ts');
      process.exitCode = await lockImages(options);
    });
}

function saveCommand(): Command {
  return command('save', {
    about: 'Saves the images to a folder, for --images=FOLDER on a machine without access to registries.',
    example: 'npx meshproof images save archives',
  })
    .argument('<folder>', 'folder to write to; created if it does not exist')
    .addOption(meshOption('mesh to use'))
    .option('--images <source>', 'auto, pull, build, or a folder of image archives', 'auto')
    .option('--registry <prefix>', REGISTRY)
    .option('--no-engine', 'never start a private Docker engine')
    .action(async (folder: string, options: { mesh: Mesh; images: string; registry?: string; engine: boolean }) => {
      const { saveImages } = await import('../actions/images.ts');
      process.exitCode = await saveImages(folder, options);
    });
}
