#!/usr/bin/env node
import { command } from './console/command.ts';
import { explain } from './console/failure.ts';
import { refuseOptionsKeptByNpm } from './console/npm.ts';
import { completeCommand, completionCommand } from './commands/completion.ts';
import { doctorCommand } from './commands/doctor.ts';
import { downCommand } from './commands/down.ts';
import { imagesCommand } from './commands/images.ts';
import { rbacCommand } from './commands/rbac.ts';
import { reportCommand } from './commands/report.ts';
import { sweepCommand } from './commands/sweep.ts';
import { testCommand } from './commands/test.ts';
import { upCommand } from './commands/up.ts';

const meshproof = command('meshproof', {
  about: 'Proves that a service mesh does what its configuration says, and that each proof could have failed.',
  example: 'npm test -- --suite=resilience --mesh=istio',
});
for (const sub of [
  testCommand,
  upCommand,
  downCommand,
  doctorCommand,
  imagesCommand,
  reportCommand,
  sweepCommand,
  rbacCommand,
  completionCommand,
]) {
  meshproof.addCommand(sub());
}
meshproof.addCommand(
  completeCommand(() => meshproof),
  { hidden: true },
);

// Without a listener, a reader of the output that goes away would end the process in the middle of whatever it does.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  refuseOptionsKeptByNpm(process.env, process.argv.slice(3), meshproof);
  await meshproof.parseAsync(process.argv.slice(2), { from: 'user' });
} catch (error) {
  process.exitCode = explain(error);
}
// A kept connection to a cluster must not hold the process once its work is done.
process.exit();
