import { test as base } from '@playwright/test';

import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { StandInApi } from './stand-in-api.ts';

/** Tests with a stand-in API server and a client for it. */
export const test = base.extend<{ server: StandInApi; api: KubernetesApi }>({
  // oxlint-disable-next-line no-empty-pattern -- the runner insists on a pattern
  server: async ({}, use) => {
    const server = await StandInApi.start();
    await use(server);
    await server.stop();
  },
  api: async ({ server }, use, info) => {
    const api = await KubernetesApi.open({ kubeconfig: server.writeKubeconfig(info.outputPath('kubeconfig')) });
    await use(api);
    api.close();
  },
});
export { expect } from '@playwright/test';
