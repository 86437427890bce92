import { expect, test } from '@playwright/test';

import { gatewayApiVersion } from '../../clusters/images/gateway-api.ts';
import { istioVersion, VERSIONS as ISTIOS } from '../../clusters/istio/versions.ts';
import { linkerdVersion, VERSIONS } from '../../clusters/linkerd/versions.ts';

test('every version of every mesh says which Gateway API it understands, in a block of requirements or alone', async () => {
  for (const name of VERSIONS) expect(await gatewayApiVersion(linkerdVersion(name).module)).toMatch(/^v\d+\.\d+\.\d+$/);
  for (const name of ISTIOS) expect(await gatewayApiVersion(istioVersion(name).module)).toMatch(/^v\d+\.\d+\.\d+/);
});
