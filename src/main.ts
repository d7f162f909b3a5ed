#!/usr/bin/env node
import { inspect } from 'node:util';
import { ConfigError } from './config/config.ts';
import { AppError } from './domain/app-error.ts';
import { printable, printableLines } from './domain/printable-text.ts';

type Command = {
  readonly meaning: string;
  /** Gives the exit code; null where the process goes on. */
  readonly run: (args: readonly string[]) => Promise<number | null>;
};

/** Loaded only when chosen: a doctor has no use for the service, nor the service for a doctor. */
const COMMANDS: Readonly<Record<string, Command>> = {
  start: {
    meaning: 'Start the service. This is what `bellhop` does by itself.',
    run: async () => {
      await (await import('./commands/start.ts')).start();
      return null;
    },
  },
  doctor: {
    meaning: 'Look at everything that keeps pushes from arriving, and say what to do.',
    run: async (given) => (await import('./commands/doctor/doctor.ts')).runDoctor(given),
  },
  'rotate-vapid-key': {
    meaning: 'Make a new VAPID key the current one; the earlier ones go on signing for their own.',
    run: async () => (await import('./commands/rotate-vapid-key.ts')).rotateVapidKey(),
  },
};

const [name = 'start', ...args] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;

process.on('uncaughtException', (error) => {
  tellDefect(error);
  process.exit(1);
});

if (name === '--help' || name === 'help') {
  process.stdout.write(usage());
} else if (command === undefined) {
  process.stderr.write(`There is no command ${printable(JSON.stringify(name))}.\n\n${usage()}`);
  process.exitCode = 2;
} else {
  await carryOut(command);
}

async function carryOut({ run }: Command): Promise<void> {
  try {
    const exitCode = await run(args);
    if (exitCode !== null) process.exitCode = exitCode;
  } catch (error) {
    process.exitCode = 1;
    if (error instanceof ConfigError || error instanceof AppError) tellRefusal(error);
    else tellDefect(error);
  }
}

function tellRefusal(error: ConfigError | AppError): void {
  const what = name === 'start' ? 'Bellhop does not start' : `bellhop ${name} did nothing`;
  // A ConfigError has a line for each problem, made printable there.
  const why = error instanceof ConfigError ? error.message : printable(error.message);
  process.stderr.write(`${what}. ${why}\n`);
}

/** As Node tells an error that nothing catches, but what cannot be seen is escaped. */
function tellDefect(error: unknown): void {
  process.stderr.write(printableLines(`${inspect(error)}\n`));
}

function usage(): string {
  const rows = Object.entries(COMMANDS).map(([each, { meaning }]) => `  bellhop ${each.padEnd(18)} ${meaning}`);
  return `usage: bellhop [command]\n\n${rows.join('\n')}\n\nSettings come from the environment: docs/configuration.md.\n`;
}
