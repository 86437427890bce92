import { expect, test } from '@playwright/test';

import { FACTS as istio } from '../../clusters/istio/facts.ts';
import { FACTS as linkerd } from '../../clusters/linkerd/facts.ts';
import { ApiRefusal, refusal } from '../../clusters/kubernetes/api-error.ts';
import type { LiveObject } from '../../clusters/kubernetes/live-object.ts';
import { MeshproofError } from '../../clusters/errors.ts';
import type { Ending, StandingOutcome } from '../../fixtures/agent/protocol.ts';
import {
  ADMISSIONS,
  type AdmissionClass,
  type AdmissionFacts,
  admissionSample,
  type Answer,
  apiSample,
  createDryRun,
} from '../../fixtures/watch/admission.ts';
import { CLASSES, sampleOf, standingOrder } from '../../fixtures/watch/classes.ts';

const [kept, denied, plaintext] = ['kept', 'denied', 'plaintext'].map((name) => CLASSES.find((one) => one.name === name));
if (kept === undefined || denied === undefined || plaintext === undefined) throw new Error('a class is missing');

const outcome = (ending: Ending, some: Partial<StandingOutcome> = {}): StandingOutcome => ({
  of: '',
  id: '',
  at: 10_000,
  lateMs: 0,
  tookMs: 3,
  connection: 0,
  ending,
  ...some,
});
const answered = (status: number, headers: Record<string, string> = { 'x-agent-pod': 'server-v1-abc' }): Ending => ({
  kind: 'response',
  status,
  headers,
  bodyStart: headers['server'] === undefined ? '' : 'RBAC: access denied',
});
const RBAC = answered(403, { server: 'istio-envoy' });

test('Counts every other ending of a request that must be answered as a failure, and names the side that caused it', () => {
  expect(sampleOf(kept, outcome(answered(200)), 0)).toEqual({ at: 10_000, ending: '200', side: 'the application', result: 'good' });
  expect(sampleOf(kept, outcome(answered(500)), 0)).toMatchObject({ result: 'bad', side: 'the application' });
  expect(sampleOf(kept, outcome(RBAC), 0)).toMatchObject({ result: 'bad', ending: '403 RBAC', side: "the server's proxy" });
  expect(sampleOf(kept, outcome({ ...RBAC, headers: { server: 'envoy' } } as Ending), 0)).toMatchObject({ side: "the caller's proxy" });
  expect(sampleOf(kept, outcome({ kind: 'reset', when: 'after-send' }), 0)).toMatchObject({ result: 'bad', side: 'the connection' });
  expect(sampleOf(kept, outcome({ kind: 'timeout', stage: 'response' }, { tookMs: 5_010 }), 0)).toMatchObject({ result: 'bad' });
});

test('Counts a request that must be refused as let through only if the server answers it, whatever the status', () => {
  for (const one of [denied, plaintext]) {
    expect(sampleOf(one, outcome(answered(200)), 0).result).toBe('bad');
    expect(sampleOf(one, outcome(answered(500)), 0).result).toBe('bad');
    expect(sampleOf(one, outcome(RBAC), 0).result).toBe('good');
    expect(sampleOf(one, outcome({ kind: 'reset', when: 'after-send' }), 0).result).toBe('good');
  }
});

test('Does not judge what a prober sent late, gave up late or failed to send', () => {
  expect(sampleOf(kept, outcome(answered(200), { lateMs: 501 }), 0).result).toBe('unjudged');
  expect(sampleOf(kept, outcome({ kind: 'timeout', stage: 'response' }, { tookMs: 9_000 }), 0).result).toBe('unjudged');
  expect(sampleOf(denied, outcome({ kind: 'dns' }), 0).result).toBe('unjudged');
});

test('Converts times to the clock of this machine', () => {
  expect(sampleOf(kept, outcome(answered(200)), 250).at).toBe(9_750);
});

test('Orders an agent to send to the port of the protocol, at the given rate and with a time limit', () => {
  expect(standingOrder(kept, 'server.shop', 7)).toEqual({ name: 'kept', order: { timeoutMs: 5_000, rate: 7, target: 'server.shop:8080' } });
  const tcp = CLASSES.find(({ name }) => name === 'tcp-new') ?? kept;
  expect(standingOrder(tcp, 'server.shop', 7).order).toMatchObject({ target: 'server.shop:9000', protocol: 'tcp', connections: 'new' });
});

const status = (code: number, message: string): ApiRefusal =>
  refusal('creating Pod a/b', code, JSON.stringify({ kind: 'Status', message }));
const UNREACHED =
  'Internal error occurred: failed calling webhook "namespace.sidecar-injector.example.io": failed to call webhook: Post "https://istiod.example.svc:443/inject?timeout=10s": dial tcp 10.96.3.4:443: connect: connection refused';

async function answerOf(error: unknown): Promise<Answer> {
  const create = async (): Promise<never> => {
    throw error;
  };
  return await createDryRun({ create }, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'b' } });
}

test('Reports a refusal without addresses, and distinguishes it from an API server that does not answer', async () => {
  expect(await answerOf(status(500, UNREACHED))).toMatchObject({
    kind: 'refused',
    words: '500 webhook namespace.sidecar-injector.example.io was not reached: connection refused',
  });
  expect(
    await answerOf(status(400, 'admission webhook "validation.example.io" denied the request: redirect must specify URI')),
  ).toMatchObject({
    kind: 'refused',
    words: expect.stringMatching(/^400 /),
  });
  for (const away of [
    status(500, 'etcdserver: leader changed'),
    status(503, 'apiserver not ready'),
    status(401, 'Unauthorized'),
    new MeshproofError('API_UNREACHABLE', 'no'),
    new DOMException('', 'TimeoutError'),
  ])
    expect(await answerOf(away)).toMatchObject({ kind: 'away' });
});

const pod = (...names: string[]): LiveObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'b', uid: '', resourceVersion: '', creationTimestamp: '' },
  spec: { containers: names.map((name) => ({ name })) },
});

const sampled = (answer: Answer, facts: AdmissionFacts = istio): string[] =>
  ADMISSIONS.map((of) => admissionSample(of, answer, 0, facts).result);

test('Requires a pod to be admitted with its proxy, a valid object to be admitted, and an invalid one to be refused', () => {
  expect(ADMISSIONS.map(({ name }) => name)).toEqual(['pod', 'valid', 'invalid']);
  expect(sampled({ kind: 'admitted', object: pod('app', 'istio-proxy') })).toEqual(['good', 'good', 'bad']);
  expect(sampled({ kind: 'admitted', object: pod('app') })).toEqual(['bad', 'good', 'bad']);
  expect(sampled({ kind: 'away', words: 'no answer' })).toEqual(['unjudged', 'unjudged', 'unjudged']);
  expect(apiSample({ kind: 'away', words: 'no answer' }, 0).result).toBe('bad');
  expect(apiSample({ kind: 'refused', error: status(500, UNREACHED), words: '' }, 0).result).toBe('good');
});

const unreached = (webhook: string, why = 'context deadline exceeded'): string =>
  `Internal error occurred: failed calling webhook "${webhook}": failed to call webhook: Post "https://x.y.svc:443/z?timeout=10s": ${why}`;
const refusedBy = (webhook: string, why: string): string => `admission webhook "${webhook}" denied the request: ${why}`;

for (const [of, code, message] of [
  ['istio', 400, refusedBy('validation.istio.io', 'configuration is invalid: HTTP route or redirect must be provided')],
  ['istio', 400, refusedBy('rev.validation.istio.io', 'configuration is invalid')],
  ['istio', 500, unreached('namespace.sidecar-injector.istio.io', 'dial tcp 10.96.3.4:443: connect: connection refused')],
  ['istio', 500, unreached('rev.validation.istio.io', 'no endpoints available for service "istiod"')],
  ['linkerd', 400, refusedBy('linkerd-policy-validator.linkerd.io', 'cidr `10.0.0.0/8` does not include exception')],
  ['linkerd', 500, unreached('linkerd-proxy-injector.linkerd.io', 'x509: certificate signed by unknown authority')],
] as const)
  test(`Counts what a webhook of ${of} refuses or does not answer as its failure: ${code} ${message.slice(0, 70)}`, async () => {
    expect(sampled(await answerOf(status(code, message)), { istio, linkerd }[of])).toEqual(['bad', 'bad', 'good']);
  });

for (const [code, message] of [
  [
    400,
    refusedBy('validate.kyverno.svc-fail', 'resource Pod/shop/meshproof-newcomer was blocked due to the following policies require-labels'),
  ],
  [500, unreached('validate.kyverno.svc-fail')],
  [403, refusedBy('validation.gatekeeper.sh', '[must-have-owner] you must provide labels: {"owner"}')],
  [500, unreached('check-ignore-label.gatekeeper.sh', 'no endpoints available for service "gatekeeper-webhook-service"')],
  [500, unreached('vault.hashicorp-istio.io.example.com')],
  [422, `virtualservices "a" is forbidden: ValidatingAdmissionPolicy 'owner' with binding 'all' denied request: needs a label`],
  [403, 'pods "meshproof-newcomer" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=5, limited: pods=5'],
  [403, 'pods "meshproof-newcomer" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false'],
  [
    403,
    'virtualservices.networking.istio.io is forbidden: User "ci" cannot create resource "virtualservices" in API group "networking.istio.io" in the namespace "shop"',
  ],
  [403, 'unable to create new content in namespace shop because it is being terminated'],
  [404, 'namespaces "shop" not found'],
  [409, 'object is being deleted: pods "meshproof-newcomer" already exists'],
] as const)
  test(`Does not judge a mesh by what others refuse: ${code} ${message.slice(0, 70)}`, async () => {
    const answer = await answerOf(status(code, message));
    for (const mesh of [istio, linkerd]) expect(sampled(answer, mesh)).toEqual(['unjudged', 'unjudged', 'good']);
    expect(admissionSample(ADMISSIONS[0] as AdmissionClass, answer, 0, istio).ending).toMatch(new RegExp(`^${code} `));
  });

for (const [code, message] of [
  [404, 'the server could not find the requested resource'],
  [404, '404 page not found'],
  [422, 'VirtualService.networking.istio.io "meshproof-valid" is invalid: spec.http[0].redirect: Invalid value: "string"'],
  [400, 'VirtualService in version "v1" cannot be handled as a VirtualService: strict decoding error: unknown field "spec.exportTo"'],
] as const)
  test(`Counts a kind of the mesh that is gone, or its changed schema, as its failure: ${code} ${message.slice(0, 50)}`, async () => {
    expect(sampled(await answerOf(status(code, message)))).toEqual(['unjudged', 'bad', 'good']);
  });
