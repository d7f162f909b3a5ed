import { parseArgs } from 'node:util';
import { nearestName } from '../domain/spelling.ts';
import type { Command, Given, Option } from './command.ts';

/** What a person at a shell asked for. */
export type Asked =
  | { readonly kind: 'run'; readonly command: Command; readonly given: Given }
  /** Null: of all commands. */
  | { readonly kind: 'help'; readonly command: Command | null }
  | { readonly kind: 'version' }
  /** What is wrong, with the name that was most likely meant, and whose help has the answer. */
  | { readonly kind: 'misuse'; readonly says: string; readonly command: Command | null };

type Commands = readonly Command[];

/** What stands alone, before or instead of a command. */
const HELP = ['--help', '-h', 'help'];
const VERSION = ['--version', '-V', '-v', 'version'];

/**
 * Reads the arguments of a shell (POSIX utility syntax, with the long options of GNU). Without a command they are
 * `start`’s. Settings are the names of the environment: an option of such a name is told how it is set.
 */
export function readCommandLine(args: readonly string[], commands: Commands, settings: readonly string[] = []): Asked {
  const [first = 'start', ...rest] = args;
  if (VERSION.includes(first)) return { kind: 'version' };
  if (HELP.includes(first)) return helpOf(rest[0], commands);
  const isOption = first.startsWith('-');
  const name = isOption ? 'start' : first;
  const command = commands.find((each) => each.name === name);
  if (command === undefined) return noCommand(name, commands);
  return readGiven(isOption ? args : rest, command, settings);
}

function helpOf(name: string | undefined, commands: Commands): Asked {
  if (name === undefined || HELP.includes(name)) return { kind: 'help', command: null };
  const command = commands.find((each) => each.name === name);
  return command === undefined ? noCommand(name, commands) : { kind: 'help', command };
}

function noCommand(name: string, commands: Commands): Asked {
  const names = [...commands.map((each) => each.name), 'help', 'version'];
  const says = `There is no command ${JSON.stringify(name)}${meant(nearestName(name, names))}`;
  return { kind: 'misuse', says, command: null };
}

function readGiven(args: readonly string[], command: Command, settings: readonly string[]): Asked {
  const { options: known = [], operands: wanted = [] } = command;
  const operands: string[] = [];
  const options = new Map<string, string>();
  const misuse = (says: string): Asked => ({ kind: 'misuse', says: `bellhop ${command.name} ${says}`, command });
  for (const token of tokensOf(args, known)) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      if (operands.length === wanted.length) return misuse(`has no use for ${JSON.stringify(token.value)}.`);
      operands.push(token.value);
      continue;
    }
    if (['--help', '-h'].includes(token.rawName)) return { kind: 'help', command };
    const option = known.find(({ name }) => name === token.rawName);
    if (option === undefined) return misuse(`has no option ${noOption(token.rawName, known, settings)}`);
    if (option.value === undefined && token.value !== undefined) return misuse(`takes no value for ${option.name}.`);
    if (option.value !== undefined && !isValue(token)) {
      return misuse(`needs a value for ${option.name}: ${option.name}=${option.value}`);
    }
    const earlier = option.isList === true ? options.get(option.name) : undefined;
    options.set(option.name, earlier === undefined ? (token.value ?? '') : `${earlier},${token.value}`);
  }
  const missing = wanted.slice(operands.length).find(({ mayBeMissing }) => mayBeMissing !== true);
  if (missing !== undefined) return misuse(`needs ${missing.name}: ${missing.meaning}`);
  return { kind: 'run', command, given: { operands, options } };
}

function tokensOf(args: readonly string[], known: readonly Option[]) {
  const rows = known.map(({ name, value }) => [name.slice(2), { type: value === undefined ? 'boolean' : 'string' }]);
  const options = Object.fromEntries(rows) as Record<string, { type: 'boolean' | 'string' }>;
  return parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

/** `--to --json` forgot the value of `--to`; `--to=--json` means it, and a dash alone is standard input. */
function isValue({
  value = '',
  inlineValue,
}: {
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}): boolean {
  return value !== '' && (inlineValue === true || value === '-' || !value.startsWith('-'));
}

function noOption(name: string, known: readonly Option[], settings: readonly string[]): string {
  const told = JSON.stringify(name);
  const near = nearestName(name, [...known.map((each) => each.name), '--help']);
  if (near !== null) return `${told}${meant(near)}`;
  const setting = name.split('-').filter(Boolean).join('_').toUpperCase();
  return settings.includes(setting) ? `${told}: set ${setting} in the environment, or in .env.` : `${told}.`;
}

function meant(name: string | null): string {
  return name === null ? '.' : `. Did you mean ${name}?`;
}
