import { writeFile } from 'node:fs/promises';

import { gatewayApiFile, gatewayApiText } from '../../clusters/images/gateway-api.ts';
import { schemaText } from '../../clusters/kubernetes/definitions.ts';
import { meshModules } from '../../clusters/meshes.ts';

// Needs Go, which brings the pinned modules; what is written stays in the repository, so that nobody else does.
for (const { facts, versions, definitions, goModule, gatewayChannel } of await meshModules()) {
  for (const version of versions) {
    await writeFile(facts.schemas(version).file, schemaText(await definitions(version, {})));
    const module = goModule(version);
    await writeFile(gatewayApiFile(module), await gatewayApiText(module, gatewayChannel, {}));
  }
}
