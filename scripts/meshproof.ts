#!/usr/bin/env node
import { keepCompiled } from './console/compiled.ts';

await keepCompiled();

// Without a listener, a reader of the output that goes away would end the process in the middle of whatever it does.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

// Not a static import, which would be compiled before this module runs.
const { run } = await import('./program.ts');
await run(process.argv.slice(2));
// A kept connection to a cluster must not hold the process once its work is done.
process.exit();
