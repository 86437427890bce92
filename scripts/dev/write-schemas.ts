import { writeFile } from 'node:fs/promises';

import { schemaText } from '../../clusters/kubernetes/definitions.ts';
import { meshModules } from '../../clusters/meshes.ts';

// Needs Go, which brings the pinned modules; what is written stays in the repository, so that nobody else does.
for (const { facts, versions, definitions } of await meshModules()) {
  for (const version of versions) await writeFile(facts.schemas(version).file, schemaText(await definitions(version, {})));
}
