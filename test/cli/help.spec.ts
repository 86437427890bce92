import { expect, test } from '@playwright/test';

import { meshproof, npm } from './run.ts';

test('Shows an example and the exit codes in every --help', async () => {
  for (const command of ['', 'test', 'up', 'down', 'doctor', 'images', 'images build', 'report', 'watch', 'upgrade', 'sweep']) {
    const { exitCode, stdout } = await meshproof([...command.split(' ').filter(Boolean), '--help']);
    expect.soft(stdout, command).toMatch(/^Example:\n {2}(npm test|npx meshproof) /m);
    expect.soft(stdout, command).toMatch(/^ {2}130 +interrupted$/m);
    expect.soft(exitCode, command).toBe(0);
  }
});

/** Command lines that are wrong with and without the --help in them, and what their errors must contain. */
const REFUSED: readonly [string, RegExp, RegExp][] = [
  ['nosuch --help', /UNKNOWN_COMMAND.*'nosuch'/, /commands: test, up, down/],
  ['--help nosuch', /UNKNOWN_COMMAND.*'nosuch'/, /commands: test, up, down/],
  ['tets -h', /UNKNOWN_COMMAND.*'tets'; did you mean test\?/, /commands: test/],
  ['tets --suite=routing --help', /UNKNOWN_COMMAND.*'tets'/, /commands: test/],
  ['--nosuch --help', /UNKNOWN_OPTION.*'--nosuch'/, /options of meshproof: --help/],
  ['images frobnicate --help', /UNKNOWN_COMMAND.*'frobnicate'/, /commands: list, build, save/],
  ['images --nosuch --help', /UNKNOWN_OPTION.*'--nosuch'/, /options of images: --help/],
  ['images list --nosuch --help', /UNKNOWN_OPTION.*'--nosuch'/, /options of list: --output/],
  ['images list more --help', /EXCESS_ARGUMENTS.*'list'.*more/, /--help/],
  ['test --suit=resilience --help', /UNKNOWN_OPTION.*--suit=resilience.*did you mean --suite\?/, /options of test/],
  ['test --help --nosuch', /UNKNOWN_OPTION.*'--nosuch'/, /options of test/],
  ['test canary -z --help', /UNKNOWN_OPTION.*'-z'/, /options of test/],
  ['report folder --nosuch --help', /UNKNOWN_OPTION.*'--nosuch'/, /options of report/],
  ['down one two --help', /EXCESS_ARGUMENTS.*'down'.*one, two/, /--help/],
  ['doctor --help more', /EXCESS_ARGUMENTS.*'doctor'.*more/, /--help/],
];

test('Rejects unknown commands, options and arguments as without --help', async () => {
  for (const [typed, problem, hint] of REFUSED) {
    const words = typed.split(' ');
    for (const line of [words, words.filter((word) => !/^(--help|-h)$/.test(word))]) {
      const { exitCode, stdout, stderr } = await meshproof(line);
      expect.soft(stderr, line.join(' ')).toMatch(problem);
      expect.soft(stderr, line.join(' ')).toMatch(hint);
      expect.soft(stdout, line.join(' ')).toBe('');
      expect.soft(exitCode, line.join(' ')).toBe(2);
    }
  }
  expect(await npm(['run', '--silent', 'soak', '--', '--jsn', '--help'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('UNKNOWN_OPTION'),
  });
});

test('Shows the help of a command whose arguments are missing or only later checked', async () => {
  const lines = ['report no-such-folder --help', 'down no-such-cluster --help', 'images save --help', 'upgrade --help --suite=nowhere'];
  for (const line of [...lines, '--help test --suite=routing', 'images -h list', 'test --help -- --canary']) {
    const { exitCode, stdout, stderr } = await meshproof(line.split(' '));
    expect.soft(stdout, line).toMatch(/^Usage: meshproof/);
    expect.soft(stderr, line).toBe('');
    expect.soft(exitCode, line).toBe(0);
  }
});
