import { bearer, check, expect, unsupported } from '#fixtures';

check(
  'Only a token with valid form, time, issuer, audience and signature is accepted',
  {
    assumes: ['own-policies', 'token-keys'],
    control: { because: 'no audience is required', mustFail: { toBeRejectedWith: { 'answered 200': 2 }, toBeEmpty: { delivered: 2 } } },
    docDeviations: [
      {
        documented: 'a RequestAuthentication with audiences rejects tokens for others',
        observed:
          'with 403, while any other invalid token gets 401; a request without a token passes unless an AuthorizationPolicy requires one',
      },
    ],
    linkerd: unsupported(
      'Linkerd does not validate end-user tokens; it leaves them to the application',
      'https://linkerd.io/2/features/server-policy/',
    ),
    variables: ({ issuer }) => issuer.open(),
  },
  async ({ caller, server, issuer }) => {
    const now = Math.floor(Date.now() / 1000);
    const valid = await issuer.token();
    const stranger = await issuer.newKey();
    const [head = '', payload = '', signature = ''] = valid.split('.');
    const [, otherPayload = ''] = (await issuer.token({ claims: { sub: 'admin' } })).split('.');
    const unauthorized = {
      'not a token': 'nonsense',
      'two parts': `${head}.${payload}`,
      'not base64': `${head}.%%%.${signature}`,
      'truncated signature': `${head}.${payload}.`,
      'replaced payload': `${head}.${otherPayload}.${signature}`,
      expired: await issuer.token({ claims: { exp: now - 3_600 } }),
      'not yet valid': await issuer.token({ claims: { nbf: now + 3_600 } }),
      'wrong issuer': await issuer.token({ claims: { iss: 'https://accounts.example.org' } }),
      'no issuer': await issuer.token({ claims: { iss: undefined } }),
      'unknown key': await issuer.token({ key: stranger }),
      'wrong key under a known id': await issuer.token({ key: stranger, keyId: issuer.firstKey.id }),
      'alg none': issuer.unsignedToken(),
      'HMAC with the published key': await issuer.confusedToken(),
    };
    const misdirected = {
      'wrong audience': await issuer.token({ claims: { aud: 'api.example.org' } }),
      'no audience': await issuer.token({ claims: { aud: undefined } }),
    };

    for (const [status, tokens] of [
      [401, unauthorized],
      [403, misdirected],
    ] as const) {
      for (const [fault, token] of Object.entries(tokens)) {
        const history = await caller.send(server, { count: 30, concurrency: 3, headers: { ...bearer(token), 'x-fault': fault } });
        expect(history, fault).toBeRejectedWith({ status, flag: 'JWT' });
        expect(await server.received(history), fault).toBeEmpty();
      }
    }

    const passes = await caller.send(server, { count: 50, headers: bearer(valid) });
    expect(passes).toSucceed();
    expect(await server.received(passes)).toContainEachOnce(passes);
    const anonymous = await caller.send(server, { count: 50 });
    expect(anonymous).toBeDenied({ by: 'policy' });
    expect(await server.received(anonymous)).toBeEmpty();
  },
);
