import { check, expect, unsupported } from '#fixtures';

check(
  'The ingress gateway redirects all HTTP to HTTPS with 301 and keeps path and query',
  {
    assumes: ['paths-as-sent'],
    base: 'ingress-gateway',
    control: { because: 'the redirect is off', mustFail: { toRedirect: 'answered 200', toBeEmpty: 'delivered' } },
    linkerd: unsupported('Linkerd has no ingress gateway', 'https://linkerd.io/2/tasks/using-ingress/'),
  },
  async ({ unmeshedCaller, ingress, v1 }) => {
    await ingress.openFor(unmeshedCaller);
    for (const path of ['/', '/v1/orders?id=7&x=%2F', '/a//b/?']) {
      for (const method of ['GET', 'POST']) {
        const asked = await unmeshedCaller.send(ingress, {
          count: 25,
          method,
          path,
          headers: { host: 'api.example.com' },
          keepHeaders: ['location'],
        });
        expect(asked).toRedirect({ status: 301, location: `https://api.example.com${path}` });
        expect(await v1.received(asked)).toBeEmpty();
      }
    }
  },
);
