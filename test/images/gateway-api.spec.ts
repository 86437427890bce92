import { expect, test } from '@playwright/test';

import { gatewayApi, gatewayApiVersion } from '../../clusters/images/gateway-api.ts';
import { meshModules } from '../../clusters/meshes.ts';

test('Uses the definitions of the Gateway API in the version that each mesh requires; npm run schemas writes them', async () => {
  for (const { goModule, gatewayChannel, versions } of await meshModules()) {
    for (const module of versions.map((version) => goModule(version))) {
      const objects = await gatewayApi(module);
      expect(objects.map(({ metadata }) => metadata.name)).toEqual(
        expect.arrayContaining(
          ['gateways', 'httproutes', 'grpcroutes', 'referencegrants'].map((name) => `${name}.gateway.networking.k8s.io`),
        ),
      );
      const versionsOf = objects.map(({ metadata }) => metadata.annotations?.['gateway.networking.k8s.io/bundle-version']);
      expect(new Set(versionsOf)).toEqual(new Set([await gatewayApiVersion(module)]));
      for (const { kind } of objects) expect(kind).toBe('CustomResourceDefinition');
      const channels = objects.map(({ metadata }) => metadata.annotations?.['gateway.networking.k8s.io/channel']);
      expect(new Set(channels)).toEqual(new Set([gatewayChannel]));
    }
  }
});
