import { check, expect, unsupported } from '#fixtures';

check(
  'A ServiceEntry lets a PostgreSQL client use a database outside the mesh',
  {
    control: { because: 'there is no ServiceEntry', mustFail: { toSucceed: 'closed', toContainEachOnce: 'never delivered' } },
    external: ['database'],
    linkerd: unsupported(
      'Linkerd has no counterpart of ServiceEntry; only the cluster DNS resolves names',
      'https://linkerd.io/2/features/egress/',
    ),
  },
  async ({ caller, database }) => {
    const noted = await database.note(caller, { count: 10 });
    expect(noted).toSucceed();
    expect(await database.received(noted)).toContainEachOnce(noted);
  },
);
