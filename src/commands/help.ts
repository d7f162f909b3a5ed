import type { Command } from './command.ts';

/** Of all commands, a row each. */
export function helpOfAll(commands: readonly Command[]): string {
  const rows = commands.map(({ name, meaning }) => [`bellhop ${name}`, meaning] as const);
  return `usage: bellhop [COMMAND] [OPTIONS]

${table([...rows, ['bellhop help COMMAND', 'Tell more of a command.'], ['bellhop --version', 'Tell the version.']])}
Settings come from the environment, and from a file .env in the working folder: docs/configuration.md.
Exit code: 0 where all is well, 1 where something failed, 2 for wrong usage.
`;
}

/** Of one command. */
export function helpOf(command: Command): string {
  const { operands = [], options = [], meaning, more } = command;
  const rows = [
    ...operands.map((operand) => [operand.name, operand.meaning] as const),
    ...options.map((option) => [spelling(option), option.meaning] as const),
    ['--help', 'Tell this.'] as const,
  ];
  return `${usageOf(command)}\n\n${meaning}\n${more === undefined ? '' : `\n${more.trim()}\n`}\n${table(rows)}`;
}

/** One line: `usage: bellhop doctor [--json] [--offline]`. */
export function usageOf({ name, operands = [], options = [] }: Command): string {
  const words = [
    ...options.map((option) => `[${spelling(option)}]`),
    ...operands.map((operand) => (operand.mayBeMissing === true ? `[${operand.name}]` : operand.name)),
  ];
  return ['usage: bellhop', name, ...words].join(' ');
}

function spelling({ name, value }: { readonly name: string; readonly value?: string }): string {
  return value === undefined ? name : `${name}=${value}`;
}

function table(rows: readonly (readonly [name: string, meaning: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}\n`).join('');
}
