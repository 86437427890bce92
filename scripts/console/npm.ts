import type { Command } from 'commander';

import { EXIT, MeshproofError } from '../../clusters/errors.ts';
import { shellWord } from '../../clusters/printable.ts';

/**
 * `npm test --suite=x` lacks the `--` that passes options on: npm keeps the option as its own setting, and sets a variable in the
 * environment of the script.
 * @param rest the arguments that were passed on
 * @throws MeshproofError with code `OPTION_KEPT_BY_NPM`, which says what to type
 */
export function refuseOptionsKeptByNpm(environment: NodeJS.ProcessEnv, rest: readonly string[], program: Command): void {
  const script = environment['npm_lifecycle_event'];
  if (script !== 'test') return;
  const options = program.commands.find((sub) => sub.name() === script)?.options ?? [];
  const all = options.flatMap(({ long, required }) => (long === undefined ? [] : keptAs(long, required, environment)));
  const kept = all.map(({ word }) => word);
  // npm reads -g as its own --global.
  if (environment['npm_config_global'] === 'true') kept.push('-g');
  if (kept.length === 0) return;
  throw new MeshproofError('OPTION_KEPT_BY_NPM', `npm swallowed ${kept.join(' ')}: a -- is missing before the options`, {
    hint: all.some(({ torn }) => torn)
      ? 'type the same with -- before the first option: npm test -- …'
      : `type: npm test -- ${[...kept, ...rest].map(shellWord).join(' ')}`,
    exitCode: EXIT.usage,
  });
}

interface Kept {
  word: string;
  /** Whether its value was separated from it: the value is then among the other arguments, but it is unknown which one it is. */
  torn: boolean;
}

/** npm stores `--a-b=c` as npm_config_a_b=c, `--no-a` as an empty npm_config_a, and `--a-b c` as npm_config_a_b=true. */
function keptAs(long: string, takesValue: boolean, environment: NodeJS.ProcessEnv): Kept[] {
  const negated = long.startsWith('--no-');
  const value = environment[`npm_config_${long.slice(negated ? 5 : 2).replaceAll('-', '_')}`];
  if (value === undefined || (value === '') !== negated) return [];
  const bare = negated || value === 'true';
  return [{ word: bare ? long : `${long}=${value}`, torn: bare && takesValue }];
}
