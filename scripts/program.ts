import type { Command } from 'commander';

import { EXIT } from '../clusters/errors.ts';
import { DEFAULT_MESH } from '../clusters/meshes.ts';
import { completeCommand, completionCommand } from './commands/completion.ts';
import { doctorCommand } from './commands/doctor.ts';
import { downCommand } from './commands/down.ts';
import { imagesCommand } from './commands/images.ts';
import { rbacCommand } from './commands/rbac.ts';
import { reportCommand } from './commands/report.ts';
import { sweepCommand } from './commands/sweep.ts';
import { testCommand } from './commands/test.ts';
import { upCommand } from './commands/up.ts';
import { upgradeCommand } from './commands/upgrade.ts';
import { watchCommand } from './commands/watch.ts';
import { command } from './console/command.ts';
import { explain } from './console/failure.ts';
import { refuseOptionsKeptByNpm } from './console/npm.ts';
import { endProgress } from './console/progress.ts';

const COMMANDS = [
  testCommand,
  upCommand,
  downCommand,
  doctorCommand,
  imagesCommand,
  reportCommand,
  watchCommand,
  upgradeCommand,
  sweepCommand,
  rbacCommand,
  completionCommand,
];

/** Does what the words of a command line say, explains what went wrong on stderr, and leaves the exit code in `process.exitCode`. */
export async function run(words: readonly string[]): Promise<void> {
  process.exitCode = EXIT.ok;
  const meshproof = program();
  try {
    refuseOptionsKeptByNpm(process.env, words.slice(1), meshproof);
    await meshproof.parseAsync(words, { from: 'user' });
  } catch (error) {
    endProgress();
    process.exitCode = explain(error);
  }
}

function program(): Command {
  const meshproof = command('meshproof', {
    about: 'Tests that a service mesh does what its configuration says. Every check first proves that it can fail.',
    example: `npm test -- --suite=resilience --mesh=${DEFAULT_MESH}`,
  });
  for (const sub of COMMANDS) meshproof.addCommand(sub());
  return meshproof.addCommand(
    completeCommand(() => meshproof),
    { hidden: true },
  );
}
