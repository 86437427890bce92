import { Command, CommanderError, InvalidArgumentError } from 'commander';

import { EXIT, MeshproofError } from '../../clusters/errors.ts';
import { didYouMean } from '../../clusters/kubernetes/closest.ts';

const EXIT_CODES = `
Exit codes:
  0    every check PASS or UNSUPPORTED, or the command did its work
  1    a check FAILed: the mesh broke its promise
  2    the command, a spec or a manifest is not right; nothing was started
  3    INCONCLUSIVE or INVALID, or the tool, the machine or the cluster was not what it should be
  130  interrupted`;

/** A command whose help ends with an example and the exit codes, and whose usage errors are ours: exit code 2, with the list of what exists. */
export function command(name: string, { about, example }: { about: string; example: string }): Command {
  const made: Command = new Command(name)
    .description(about)
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .showSuggestionAfterError(false)
    .configureOutput({ outputError: () => undefined })
    .addHelpText('after', `\nExample:\n  ${example}\n${EXIT_CODES}`)
    .exitOverride((error) => {
      throw error.exitCode === 0 ? error : usageError(made, error);
    });
  return made;
}

/** Reads an option's value as a whole number of at least one. */
export function positiveInteger(value: string): number {
  if (!/^[1-9]\d{0,5}$/.test(value)) throw new InvalidArgumentError('It must be a whole number of 1 or more.');
  return Number(value);
}

/** Collects an option that may be given several times, or with several names between commas. */
export function names(value: string, before: readonly string[] = []): string[] {
  return [...before, ...value.split(',').filter((name) => name !== '')];
}

function usageError(of: Command, error: CommanderError): MeshproofError {
  const message = error.message.replace(/^error: /, '').replaceAll(/\s+/g, ' ');
  // What only completion scripts call is no answer to a person.
  const commands = of.commands.map((sub) => sub.name()).filter((name) => name !== 'complete');
  const options = of.options.flatMap((option) => option.long ?? option.short ?? []);
  const [list, among]: [string, string[]] =
    error.code === 'commander.unknownOption' ? [`options of ${of.name()}`, options] : ['commands', commands];
  const hint = `${list}: ${among.join(', ')}`;
  if (error.code === 'commander.help') return refusal('COMMAND_MISSING', 'no command was given', hint);
  const code = (error.code.split('.').at(-1) ?? '').replaceAll(/[A-Z]/g, '_$&').toUpperCase();
  if (!error.code.startsWith('commander.unknown')) return refusal(code, message, '--help says more');
  const word = /'([^'=]*)/.exec(message)?.[1] ?? '';
  return refusal(code, `${message}${didYouMean(word, among)}`, hint);
}

function refusal(code: string, message: string, hint: string): MeshproofError {
  return new MeshproofError(code, message, { hint, exitCode: EXIT.usage });
}
