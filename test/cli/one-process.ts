import { text } from 'node:stream/consumers';

import { run } from '../../scripts/program.ts';
import type { Said } from './run.ts';

/** Runs the command lines of a JSON list on stdin one after another in this process, and prints what each came to. */
const print = process.stdout.write.bind(process.stdout);
const lines = JSON.parse(await text(process.stdin)) as string[][];
const answers: Said[] = [];
for (const words of lines) {
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (chunk: string | Uint8Array): boolean => {
      said[name] += chunk.toString();
      return true;
    };
  }
  await run(words);
  answers.push({ stdout: said.stdout.trimEnd(), stderr: said.stderr.trimEnd(), exitCode: Number(process.exitCode) });
}
process.exitCode = 0;
print(JSON.stringify(answers), () => process.exit());
