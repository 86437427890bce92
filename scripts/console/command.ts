import { Command, CommanderError, InvalidArgumentError } from 'commander';

import { EXIT, MeshproofError } from '../../clusters/errors.ts';
import { requirePlaces } from '../../clusters/paths.ts';
import { didYouMean } from '../../clusters/kubernetes/closest.ts';

const EXIT_CODES = `
Exit codes:
  0    every check is PASS or UNSUPPORTED, or the command succeeded
  1    FAIL: the mesh broke its promise
  2    the command line, a spec or a manifest is wrong; nothing was started
  3    INCONCLUSIVE or INVALID, or a problem of the tool, the machine or the cluster
  130  interrupted`;

/** A command whose help ends with an example and the exit codes, and whose usage errors have exit code 2 and list what exists. */
export function command(name: string, { about, example }: { about: string; example: string }): Command {
  const made: Command = new Command(name)
    .description(about)
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .showSuggestionAfterError(false)
    .configureOutput({ outputError: () => undefined })
    .addHelpText('before', () => {
      refuseUnknown(made);
      return '';
    })
    .addHelpText('after', `\nExample:\n  ${example}\n${EXIT_CODES}`)
    .hook('preAction', (_, acting) => {
      // A shell also completes an empty word.
      if (acting !== made || name === 'complete') return;
      refuseEmpty(made);
      requirePlaces();
    })
    .exitOverride((error) => {
      throw error.exitCode === 0 ? error : usageError(made, error);
    });
  return made;
}

/** A higher number of rigs, nodes or parallel checks must be a mistake: a rig is six pods in three namespaces. */
const MOST = 64;

/** Parses a number of rigs, nodes or parallel checks: a whole number of at least 1. */
export function positiveInteger(value: string): number {
  if (!/^[1-9]\d{0,5}$/.test(value)) throw new InvalidArgumentError('It must be a whole number of 1 or more.');
  if (Number(value) > MOST) throw new InvalidArgumentError(`It must be a whole number of at most ${MOST}.`);
  return Number(value);
}

const UNITS = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 } as const;

/** Below the limit of 2^31 ms, beyond which a timer fires immediately. */
const LONGEST_MS = 500 * UNITS.h;

/** Parses a time such as 500ms, 30s, 10min or 2h into milliseconds. */
export function duration(value: string): number {
  const [, amount = '', unit = ''] = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s|min|h)$/.exec(value) ?? [];
  if (unit === '') throw new InvalidArgumentError('It must be a time such as 500ms, 30s, 10min or 2h.');
  // 2.3 h is no whole number of milliseconds in binary, and timers accept nothing else.
  const ms = Math.round(Number(amount) * UNITS[unit as keyof typeof UNITS]);
  if (ms > LONGEST_MS) throw new InvalidArgumentError('It must be at most 500h.');
  return ms;
}

/** Collects an option that may be given several times, or with several names between commas. */
export function names(value: string, before: readonly string[] = []): string[] {
  const given = value.split(',').map((name) => name.trim());
  const found = given.filter((name) => name !== '');
  if (found.length === 0) throw new InvalidArgumentError('The list is empty; name at least one, or omit the option.');
  return [...before, ...found];
}

/** Parses a DNS label as the name of a Kubernetes object; `most` is lower if a suffix will be appended. */
export function dnsLabel(most = 63): (value: string) => string {
  return (value) => {
    if (value.length <= most && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(value)) return value;
    throw new InvalidArgumentError(
      `It must be 1 to ${most} lower-case letters, digits and hyphens, and neither begin nor end with a hyphen.`,
    );
  };
}

/** Length of a prefix of namespaces at most: `-rig-63-neighbour` is appended to it. */
export const LONGEST_PREFIX = 46;

/** Refuses an empty value, e.g. of an unset variable: treated as an omitted option, it would select everything. */
function refuseEmpty(of: Command): void {
  const empty = of.options.find((option) => of.getOptionValue(option.attributeName()) === '');
  const what = empty?.long ?? (of.args.some((argument) => argument.trim() === '') ? 'an argument' : undefined);
  if (what === undefined) return;
  throw refusal('EMPTY_VALUE', `${what} has an empty value`, 'give it a value, or omit it; a variable that is not set expands to nothing');
}

/** Refuses what the command would refuse without --help: given that, commander prints the help whatever else the line contains. */
function refuseUnknown(of: Command): void {
  const end = of.args.indexOf('--');
  const words = (end === -1 ? of.args : of.args.slice(0, end)).filter((word) => word !== '--help' && word !== '-h');
  const isOption = (word: string) => word.length > 1 && word.startsWith('-');
  const [first] = words;
  if (of.commands.length > 0 && first !== undefined && !isOption(first)) {
    // Whatever follows the name of a command belongs to that command.
    if (of.commands.some((sub) => sub.name() === first)) return;
    of.error(`unknown command '${first}'`, { code: 'commander.unknownCommand' });
  }
  const option = words.find(isOption);
  if (option !== undefined) of.error(`unknown option '${option}'`, { code: 'commander.unknownOption' });
  const expected = of.registeredArguments.length;
  if (words.length <= expected || of.registeredArguments.at(-1)?.variadic === true) return;
  const given = `Expected ${expected} argument${expected === 1 ? '' : 's'} but got ${words.length}: ${words.join(', ')}.`;
  of.error(`too many arguments for '${of.name()}'. ${given}`, { code: 'commander.excessArguments' });
}

function usageError(of: Command, error: CommanderError): MeshproofError {
  const message = error.message.replace(/^error: /, '').replaceAll(/\s+/g, ' ');
  // Only completion scripts call `complete`.
  const commands = of.commands.map((sub) => sub.name()).filter((name) => name !== 'complete');
  const options = [...of.options.flatMap((option) => option.long ?? option.short ?? []), '--help'];
  const [list, among]: [string, string[]] =
    error.code === 'commander.unknownOption' ? [`options of ${of.name()}`, options] : ['commands', commands];
  const hint = `${list}: ${among.join(', ')}`;
  if (error.code === 'commander.help') return refusal('COMMAND_MISSING', 'no command was given', hint);
  const code = (error.code.split('.').at(-1) ?? '').replaceAll(/[A-Z]/g, '_$&').toUpperCase();
  if (!error.code.startsWith('commander.unknown')) return refusal(code, message, 'see --help');
  const word = /'([^'=]*)/.exec(message)?.[1] ?? '';
  return refusal(code, `${message}${didYouMean(word, among)}`, hint);
}

function refusal(code: string, message: string, hint: string): MeshproofError {
  return new MeshproofError(code, message, { hint, exitCode: EXIT.usage });
}
