import { check, expect, unsupported } from '#fixtures';

check(
  'STRICT in the root namespace refuses plaintext everywhere and keeps serving the mesh',
  {
    meshWide: true,
    control: { because: 'the mode is PERMISSIVE', breaks: 'toBeRefused' },
    linkerd: unsupported('no mTLS modes: encryption is automatic, access is policy', 'https://linkerd.io/2/features/automatic-mtls/'),
  },
  async ({ outsider, caller, server, mirror }) => {
    for (const target of [server, mirror]) {
      for (const connections of ['new', 'kept'] as const) {
        const plain = await outsider.send(target, { count: 50, connections });
        expect(plain).toBeRefused({ by: 'transport' });
        expect(await target.received(plain)).toBeEmpty();
      }
      const meshed = await caller.send(target, { count: 50 });
      expect(meshed).toSucceed();
      expect(await target.received(meshed)).toEqualIds(meshed);
    }
  },
);
