import { writeFile } from 'node:fs/promises';

import { gatewayApiFile, gatewayApiText } from '../../clusters/images/gateway-api.ts';
import { schemaText } from '../../clusters/kubernetes/definitions.ts';
import { meshModules } from '../../clusters/meshes.ts';

// Needs Go to fetch the pinned modules; the output is committed, so nothing else needs it.
for (const { facts, versions, definitions, goModule, gatewayChannel } of await meshModules()) {
  for (const version of versions) {
    await writeFile(facts.schemas(version).file, schemaText(await definitions(version, {})));
    const module = goModule(version);
    await writeFile(gatewayApiFile(module), await gatewayApiText(module, gatewayChannel, {}));
  }
}
