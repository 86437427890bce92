#!/usr/bin/env node
// `npx meshproof` goes on starting this file in a folder where it was the command's entry when npx first ran there.
import { keepCompiled } from './console/compiled.ts';
import { outliveOutput } from './console/output.ts';

// What it lacks, the command says.
await keepCompiled().catch(() => undefined);

const endOutput = outliveOutput();

// Not a static import, which would be compiled before this module runs.
const { run } = await import('./program.ts');
await run(process.argv.slice(2));
await endOutput();
// A kept connection to a cluster must not hold the process once its work is done.
process.exit();
