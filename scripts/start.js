#!/usr/bin/env node
// Plain JavaScript without imports: an older Node, which cannot load the rest, must be able to say so.
const NEEDED = 24;
if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  await import('./meshproof.ts');
} else {
  process.stderr.write(
    `error[NODE_TOO_OLD]: this is Node ${process.versions.node}, and meshproof needs ${NEEDED} or newer\n` +
      'hint: `npm ci`, with install scripts allowed, brings one for npm test and npx meshproof\n',
  );
  process.exitCode = 3;
}
