import { inspect } from 'node:util';
import { ConfigError } from '../config/config.ts';
import { VERSION } from '../config/environment.ts';
import { SETTINGS } from '../config/settings.ts';
import { AppError } from '../domain/app-error.ts';
import { printable, printableLines } from '../domain/printable-text.ts';
import type { Command, Given } from './command.ts';
import { readCommandLine } from './command-line.ts';
import { COMMANDS } from './commands.ts';
import { helpOf, helpOfAll, usageOf } from './help.ts';
import { deniedByRuntime } from './runtime.ts';

const FAILURE = 1;
const USAGE = 2;
/** As a shell has it of a program that SIGPIPE (13) ends. */
const BROKEN_PIPE = 128 + 13;

/** Does what the arguments ask for, and leaves the exit code in `process`: 0 all well, 1 failure, 2 wrong usage. */
export async function run(args: readonly string[]): Promise<void> {
  process.on('uncaughtException', (error) => {
    tellDefect(error);
    process.exit(FAILURE);
  });
  for (const stream of [process.stdout, process.stderr]) stream.on('error', endWithoutReader);
  const asked = readCommandLine(args, COMMANDS, Object.keys(SETTINGS));
  if (asked.kind === 'run') return carryOut(asked.command, asked.given);
  if (asked.kind === 'misuse') {
    process.exitCode = USAGE;
    process.stderr.write(`${printable(asked.says)}\n${whereToLook(asked.command)}`);
    return;
  }
  const help = (command: Command | null): string => (command === null ? helpOfAll(COMMANDS) : helpOf(command));
  process.stdout.write(asked.kind === 'version' ? `${VERSION}\n` : help(asked.command));
}

async function carryOut({ name, run: command }: Command, given: Given): Promise<void> {
  try {
    const exitCode = await command(given);
    if (exitCode !== null) process.exitCode = exitCode;
  } catch (error) {
    process.exitCode = FAILURE;
    if (error instanceof ConfigError || error instanceof AppError) tellRefusal(name, error);
    else tellDefect(error);
  }
}

/** `bellhop doctor | head -1` goes away with what it wanted to know; a full disk is told. */
function endWithoutReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(BROKEN_PIPE);
  process.stderr.write(`bellhop: the output cannot be written (${error.code}).\n`, () => process.exit(FAILURE));
}

function whereToLook(command: Command | null): string {
  return command === null
    ? `\n${helpOfAll(COMMANDS)}`
    : `${usageOf(command)}\nbellhop help ${command.name} tells more.\n`;
}

function tellRefusal(name: string, error: ConfigError | AppError): void {
  const what = name === 'start' ? 'Bellhop does not start' : `bellhop ${name} did nothing`;
  // A ConfigError has a line for each problem, made printable there.
  const why = error instanceof ConfigError ? error.message : printable(error.message);
  process.stderr.write(`${what}. ${why}\n`);
}

/** As Node tells an error that nothing catches, but what cannot be seen is escaped. What Deno denies is no defect. */
function tellDefect(error: unknown): void {
  process.stderr.write(printableLines(`${deniedByRuntime(error) ?? inspect(error)}\n`));
}
