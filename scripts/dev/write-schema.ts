import { writeFile } from 'node:fs/promises';

import { Conformance } from '../../fixtures/contract/conformance.ts';

/** Publishes the type of conformance.json as a JSON schema; a part of `npm run docs`. */
const PUBLISHED = new URL('../../reporters/conformance.schema.json', import.meta.url);
await writeFile(PUBLISHED, `${JSON.stringify(Conformance, undefined, 2)}\n`);
