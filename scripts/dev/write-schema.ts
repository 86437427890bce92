import { writeFile } from 'node:fs/promises';

import { Conformance } from '../../fixtures/contract/conformance.ts';
import { UpgradeReport } from '../../fixtures/contract/upgrade.ts';
import { WatchReport } from '../../fixtures/contract/watch.ts';

/** Publishes the types of conformance.json, upgrade.json and watch.json as JSON schemas; a part of `npm run docs`. */
const PUBLISHED = { conformance: Conformance, upgrade: UpgradeReport, watch: WatchReport };
for (const [name, schema] of Object.entries(PUBLISHED)) {
  await writeFile(new URL(`../../reporters/${name}.schema.json`, import.meta.url), `${JSON.stringify(schema, undefined, 2)}\n`);
}
