import { writeFile } from 'node:fs/promises';

import { Conformance } from '../fixtures/contract/conformance.ts';

/** Publishes the type of conformance.json as a JSON schema. Run it after a change to the type: `node reporters/write-schema.ts`. */
await writeFile(new URL('conformance.schema.json', import.meta.url), `${JSON.stringify(Conformance, undefined, 2)}\n`);
