#!/usr/bin/env node
// `npx meshproof` keeps starting this file in a folder where it was the command's entry point when npx first ran there.
import { keepCompiled } from './console/compiled.ts';
import { outliveOutput } from './console/output.ts';

// If that fails, the command reports the reason.
await keepCompiled().catch(() => undefined);

const endOutput = outliveOutput();

// A static import would be compiled before this module runs.
const { run } = await import('./program.ts');
await run(process.argv.slice(2));
await endOutput();
// A kept connection to a cluster must not keep the process alive once its work is done.
process.exit();
