import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/commands/command.ts';
import { readCommandLine } from '../../src/commands/command-line.ts';
import { COMMANDS } from '../../src/commands/commands.ts';
import { helpOf, helpOfAll, usageOf } from '../../src/commands/help.ts';

const run = async (): Promise<number> => 0;
const START: Command = { name: 'start', meaning: 'Start.', run };
const COPY: Command = {
  name: 'copy',
  meaning: 'Copy.',
  operands: [
    { name: 'FROM', meaning: 'the file to copy.' },
    { name: 'TO', meaning: 'where to.', mayBeMissing: true },
  ],
  options: [
    { name: '--quiet', meaning: 'Say nothing.' },
    { name: '--mode', value: 'MODE', meaning: 'Its rights.' },
    { name: '--skip', value: 'NAME', meaning: 'Leave it out.', isList: true },
  ],
  more: 'Exit code: 0.',
  run,
};

function read(...args: string[]) {
  return readCommandLine(args, [START, COPY], ['PORT', 'DATA_DIR']);
}

describe('readCommandLine', () => {
  it('starts where nothing is asked for', () => {
    expect(read()).toMatchObject({ kind: 'run', command: START });
    expect(read('start')).toMatchObject({ kind: 'run', command: START });
  });

  it.each([
    [['copy', 'a'], ['a'], {}],
    [['copy', 'a', 'b', '--quiet'], ['a', 'b'], { '--quiet': '' }],
    [['copy', '--mode', '600', 'a'], ['a'], { '--mode': '600' }],
    [['copy', '--mode=600', '--mode=644', 'a'], ['a'], { '--mode': '644' }],
    [['copy', '--skip=x', 'a', '--skip', 'y'], ['a'], { '--skip': 'x,y' }],
    [['copy', '--mode=--quiet', 'a'], ['a'], { '--mode': '--quiet' }],
    [['copy', '--mode', '-', 'a'], ['a'], { '--mode': '-' }],
    [['copy', '--', '--quiet'], ['--quiet'], {}],
  ])('reads %j', (args, operands, options) => {
    const asked = read(...args);
    if (asked.kind !== 'run') expect.fail(JSON.stringify(asked));
    expect([asked.given.operands, Object.fromEntries(asked.given.options)]).toEqual([operands, options]);
  });

  it.each([
    [['cpoy', 'a'], 'There is no command "cpoy". Did you mean copy?'],
    [['stop'], 'There is no command "stop".'],
    [['help', 'strat'], 'There is no command "strat". Did you mean start?'],
    [['__proto__'], 'There is no command "__proto__".'],
    [['copy'], 'bellhop copy needs FROM: the file to copy.'],
    [['copy', 'a', 'b', 'c'], 'bellhop copy has no use for "c".'],
    [['copy', 'a', '--quite'], 'bellhop copy has no option "--quite". Did you mean --quiet?'],
    [['copy', 'a', '--odd'], 'bellhop copy has no option "--odd".'],
    [['copy', 'a', '--__proto__'], 'bellhop copy has no option "--__proto__".'],
    [['copy', 'a', '-x'], 'bellhop copy has no option "-x".'],
    [['copy', 'a', '--quiet=yes'], 'bellhop copy takes no value for --quiet.'],
    [['copy', 'a', '--mode'], 'bellhop copy needs a value for --mode: --mode=MODE'],
    [['copy', 'a', '--mode='], 'bellhop copy needs a value for --mode: --mode=MODE'],
    [['copy', '--mode', '--quiet', 'a'], 'bellhop copy needs a value for --mode: --mode=MODE'],
    [['--port', '80'], 'bellhop start has no option "--port": set PORT in the environment, or in .env.'],
    [
      ['start', '--data-dir=x'],
      'bellhop start has no option "--data-dir": set DATA_DIR in the environment, or in .env.',
    ],
  ])('refuses %j', (args, says) => {
    expect(read(...args)).toMatchObject({ kind: 'misuse', says });
  });

  it.each([
    [['--help'], null],
    [['-h'], null],
    [['help'], null],
    [['help', '--help'], null],
    [['help', 'copy'], COPY],
    [['copy', '--help'], COPY],
    [['copy', 'a', 'b', '-h'], COPY],
  ])('tells of itself at %j', (args, command) => {
    expect(read(...args)).toEqual({ kind: 'help', command });
  });

  it.each(['--version', '-V', '-v', 'version'])('tells its version at %s', (arg) => {
    expect(read(arg)).toEqual({ kind: 'version' });
  });

  it('never throws', () => {
    const word = fc.oneof(fc.string(), fc.constantFrom('copy', '--mode', '--quiet', '--', '-', '--mode=', '-h'));
    fc.assert(fc.property(fc.array(word), (args) => typeof read(...args).kind === 'string'));
  });
});

describe('the help', () => {
  it('of a command follows from its row', () => {
    expect(usageOf(COPY)).toBe('usage: bellhop copy [--quiet] [--mode=MODE] [--skip=NAME] FROM [TO]');
    expect(helpOf(COPY)).toBe(`usage: bellhop copy [--quiet] [--mode=MODE] [--skip=NAME] FROM [TO]

Copy.

Exit code: 0.

  FROM         the file to copy.
  TO           where to.
  --quiet      Say nothing.
  --mode=MODE  Its rights.
  --skip=NAME  Leave it out.
  --help       Tell this.
`);
  });

  it('of all has every command on a line that fits a terminal of 120 columns', () => {
    const lines = helpOfAll(COMMANDS).split('\n');
    for (const { name } of COMMANDS)
      expect(lines.filter((line) => line.startsWith(`  bellhop ${name} `))).toHaveLength(1);
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
  });

  it.each(COMMANDS)('of $name fits, too, and its options are long ones', (command) => {
    expect(
      helpOf(command)
        .split('\n')
        .filter((line) => line.length > 120),
    ).toEqual([]);
    for (const { name } of command.options ?? []) expect(name).toMatch(/^--[a-z][a-z-]+$/);
  });
});
