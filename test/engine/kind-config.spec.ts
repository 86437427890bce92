import { expect, test } from '@playwright/test';

import { cniConfig, CNI_IN_NODE, kindConfig } from '../../clusters/kind/config.ts';
import { withoutForwarding } from '../../clusters/kind/cluster-dns.ts';
import { nodeNumber } from '../../clusters/kind/nodes.ts';
import { rangesOf } from '../../clusters/kind/ranges.ts';

const OPTIONS = { name: 'meshproof-1', nodes: 3, ...rangesOf(2), cgroup: 1, cniFiles: ['/c/cni-0', '/c/cni-1', '/c/cni-2'] } as const;

test('Configures one control plane, ranges, no search domains, and a CNI configuration for each node', () => {
  expect(kindConfig(OPTIONS)).toMatchObject({
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    networking: { disableDefaultCNI: true, podSubnet: '198.19.32.0/21', serviceSubnet: '198.19.40.0/21', dnsSearch: [] },
    nodes: [
      { role: 'control-plane', extraMounts: [{ hostPath: '/c/cni-0', containerPath: CNI_IN_NODE, readOnly: true }] },
      { role: 'worker', extraMounts: [{ hostPath: '/c/cni-1' }] },
      { role: 'worker', extraMounts: [{ hostPath: '/c/cni-2' }] },
    ],
  });
});

test('Makes the kubelet start a killed container again at once, and accept cgroup v1 only if the engine uses it', () => {
  const patch = (cgroup: 1 | 2): unknown => JSON.parse((kindConfig({ ...OPTIONS, cgroup })['kubeadmConfigPatches'] as string[])[0] ?? '');
  const kubelet = { kind: 'KubeletConfiguration', crashLoopBackOff: { maxContainerRestartPeriod: '1s' } };
  expect(patch(1)).toEqual({ ...kubelet, failCgroupV1: false });
  expect(patch(2)).toEqual(kubelet);
});

test("Lets each node's CNI assign only addresses of that node", () => {
  for (const [node, subnet] of ['198.19.32.0/24', '198.19.33.0/24', '198.19.34.0/24'].entries()) {
    expect(cniConfig(OPTIONS.podSubnet, node)).toMatchObject({
      plugins: [{ type: 'ptp', ipam: { ranges: [[{ subnet }]] } }, { type: 'portmap' }],
    });
  }
});

test("Derives a node's index from the name that kind gives it", () => {
  const names = ['control-plane', 'worker', 'worker2', 'worker7'].map((role) => `meshproof-worker2-${role}`);
  expect(names.map((name) => nodeNumber('meshproof-worker2', name))).toEqual([0, 1, 2, 7]);
});

const COREFILE = `.:53 {
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
    }
    loop
}
`;

test('Answers every name in the closed Corefile without forwarding', () => {
  const closed = withoutForwarding(COREFILE);
  expect(closed).toBe(`.:53 {
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa . {
       pods insecure
       ttl 30
    }
    cache 30 {
       disable success cluster.local
    }
    loop
}
`);
  expect(withoutForwarding(closed)).toBe(closed);
  expect(withoutForwarding(COREFILE.replace(/ \{\n\s+max_concurrent 1000\n\s+\}/, ''))).toBe(closed);
});
