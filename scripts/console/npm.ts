import type { Command } from 'commander';

import { EXIT, MeshproofError } from '../../clusters/errors.ts';

/**
 * `npm test --suite=x` lacks the `--` that hands options on: npm keeps the option as a setting of its own,
 * and says so in the environment of the script that it starts.
 * @param rest the arguments that came through
 * @throws MeshproofError with code `OPTION_KEPT_BY_NPM`, which says what to type.
 */
export function refuseOptionsKeptByNpm(environment: NodeJS.ProcessEnv, rest: readonly string[], program: Command): void {
  const script = environment['npm_lifecycle_event'];
  if (script !== 'test') return;
  const options = program.commands.find((sub) => sub.name() === script)?.options ?? [];
  const kept = options.flatMap(({ long }) => (long === undefined ? [] : keptAs(long, environment)));
  // To npm, -g is its own --global.
  if (environment['npm_config_global'] === 'true') kept.push('-g');
  if (kept.length === 0) return;
  throw new MeshproofError('OPTION_KEPT_BY_NPM', `npm kept ${kept.join(' ')} for itself, because no -- stands before it`, {
    hint: `type: npm test -- ${[...kept, ...rest].join(' ')}`,
    exitCode: EXIT.usage,
  });
}

/** npm stores `--a-b=c` as npm_config_a_b=c, and `--no-a` as an empty npm_config_a. */
function keptAs(long: string, environment: NodeJS.ProcessEnv): string[] {
  const negated = long.startsWith('--no-');
  const value = environment[`npm_config_${long.slice(negated ? 5 : 2).replaceAll('-', '_')}`];
  if (value === undefined || (value === '') !== negated) return [];
  return [negated || value === 'true' ? long : `${long}=${value}`];
}
