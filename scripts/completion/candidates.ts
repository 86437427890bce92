import type { Command, Option } from 'commander';

import { clusterNames } from '../../clusters/registry/description.ts';
import { specsIn, suitesFolder, type CheckSpec } from '../../fixtures/contract/catalogue.ts';

/** The candidates for the last word that start with it. */
export async function candidates(program: Command, words: readonly string[]): Promise<string[]> {
  const typed = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const { command, rest } = commandOf(program, before);
  const [, long, eq, started = ''] = /^(--[\w-]+)(=)(.*)$/.exec(typed) ?? [];
  if (long !== undefined && eq !== undefined) {
    const option = optionNamed(command, long);
    // With = the whole word is replaced, so each value is prefixed by the option.
    return (await valuesOf(option, started)).map((value) => `${long}=${value}`);
  }
  const last = rest.findLast((word) => word.startsWith('-'));
  const given = last === undefined ? undefined : optionNamed(command, last);
  const after = last === undefined ? 0 : rest.length - rest.lastIndexOf(last) - 1;
  if (given !== undefined && takesWord(given, after) && !typed.startsWith('-')) {
    const values = await valuesOf(given, typed);
    if (after === 0 || values.length > 0) return values;
  }
  if (typed.startsWith('-')) return optionsOf(command).filter((option) => option.startsWith(typed));
  const subcommands = command.commands.filter((sub) => !isHidden(sub)).map((sub) => sub.name());
  if (subcommands.length > 0 && rest.length === 0) return subcommands.filter((name) => name.startsWith(typed));
  return (await argumentsOf(command)).filter((value) => value.startsWith(typed));
}

/** The command that the words name, and the remaining words. */
function commandOf(program: Command, words: readonly string[]): { command: Command; rest: string[] } {
  let command = program;
  let rest = [...words];
  for (;;) {
    const sub = command.commands.find((one) => one.name() === rest[0]);
    if (sub === undefined) return { command, rest };
    command = sub;
    rest = rest.slice(1);
  }
}

/** Commander keeps the value of `hidden` private. */
function isHidden(command: Command): boolean {
  return command.name() === 'complete';
}

function optionNamed(command: Command, word: string): Option | undefined {
  return command.options.find(({ long, short }) => long === word || short === word);
}

function optionsOf(command: Command): string[] {
  const inFront = command.options.flatMap(({ long, short, hidden }) => (hidden ? [] : [long ?? short ?? '']));
  return [...inFront, '--help'].filter((name) => name !== '');
}

function takesWord({ required, optional, variadic }: Option, after: number): boolean {
  return (required || optional) && (after === 0 || variadic);
}

/** Comma-separated names are completed one by one. */
async function valuesOf(option: Option | undefined, typed: string): Promise<string[]> {
  if (option === undefined) return [];
  const comma = option.variadic ? typed.lastIndexOf(',') + 1 : 0;
  const front = typed.slice(0, comma);
  const values = option.argChoices ?? (await namesFor(option.long ?? ''));
  return values.filter((value) => value.startsWith(typed.slice(comma))).map((value) => `${front}${value}`);
}

/** Values that only this machine knows. */
async function namesFor(option: string): Promise<string[]> {
  if (option === '--suite' || option === '--check') {
    const checks = checksThere();
    return option === '--check' ? checks.map(({ id }) => id) : [...new Set(checks.map(({ suite }) => suite)), 'all'];
  }
  if (option === '--cluster') return knownClusters();
  if (option === '--images') return ['auto', 'pull', 'build'];
  return [];
}

async function argumentsOf(command: Command): Promise<string[]> {
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  if (choices.length > 0) return choices;
  return command.name() === 'down' ? knownClusters() : [];
}

function checksThere(): CheckSpec[] {
  try {
    return specsIn(suitesFolder());
  } catch {
    return [];
  }
}

/** Errors must not appear while a shell completes a word. */
async function knownClusters(): Promise<string[]> {
  return clusterNames().catch(() => []);
}
