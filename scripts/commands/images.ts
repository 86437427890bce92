import { Option, type Command } from 'commander';

import type { Mesh } from '../../clusters/meshes.ts';
import { REGISTRY } from '../console/cluster-options.ts';
import { command } from '../console/command.ts';
import { meshOption, meshVersionOption } from '../console/mesh-option.ts';

const VERSION = 'version of the mesh; default the newest';

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
    .addOption(meshVersionOption('--mesh-version <version>', VERSION))
    .option('--no-engine', 'never start a private Docker engine')
    .action(async (options: { mesh: Mesh; meshVersion?: string; engine: boolean }) => {
      const { buildImages } = await import('../actions/images.ts');
      process.exitCode = await buildImages(options);
    });
}

function lockCommand(): Command {
  return command('lock', {
    about:
      'Writes the digests and checksums that registries, release pages and the Python index publish now to clusters/images/lock.json. Images and downloads are then verified against them; entries whose source does not answer stay unchanged. Without docker buildx, each image is pulled for its digest, and removed again unless the engine had it.',
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
    .addOption(meshVersionOption('--mesh-version <version>', VERSION))
    .option('--images <source>', 'auto, pull, build, or a folder of image archives', 'auto')
    .option('--registry <prefix>', REGISTRY)
    .option('--no-engine', 'never start a private Docker engine')
    .action(async (folder: string, options: { mesh: Mesh; meshVersion?: string; images: string; registry?: string; engine: boolean }) => {
      const { saveImages } = await import('../actions/images.ts');
      process.exitCode = await saveImages(folder, options);
    });
}
