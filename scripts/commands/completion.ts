import { Argument, type Command } from 'commander';

import { EXIT } from '../../clusters/errors.ts';
import { command } from '../console/command.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

export function completionCommand(): Command {
  return command('completion', {
    about: 'Prints a shell script that completes commands, options, suites, checks and meshes.',
    example: 'npx meshproof completion bash > ~/.local/share/bash-completion/completions/meshproof',
  })
    .addArgument(new Argument('<shell>', 'shell to generate the script for').choices(SHELLS))
    .action(async (shell: Shell) => {
      const { scriptOf } = await import('../completion/scripts.ts');
      process.stdout.write(scriptOf(shell));
      process.exitCode = EXIT.ok;
    });
}

/** Answers the completion scripts, word by word, without loading a cluster, a runner or a Kubernetes client. Hidden from the help. */
export function completeCommand(program: () => Command): Command {
  return command('complete', {
    about: 'Prints the candidates for the last word.',
    example: 'npx meshproof complete -- test --suite ro',
  })
    .argument('[words...]', 'the words after the program name; the last one may be incomplete')
    .action(async (words: string[]) => {
      const { candidates } = await import('../completion/candidates.ts');
      const found = await candidates(program(), words);
      process.stdout.write(found.map((candidate) => `${candidate}\n`).join(''));
      process.exitCode = EXIT.ok;
    });
}
