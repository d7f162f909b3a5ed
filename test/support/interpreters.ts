import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { it } from 'vitest';

export type Language = 'sh' | 'js' | 'python' | 'go' | 'php' | 'ruby';

type Interpreter = {
  readonly file: string;
  readonly command: readonly [string, ...string[]];
  /** Each must succeed for the language to be there. */
  readonly probes: readonly (readonly [string, ...string[]])[];
  /** `npm test` installs what is missing where it may, but this. */
  readonly isOptional?: boolean;
};

const INTERPRETERS: Readonly<Record<Language, Interpreter>> = {
  sh: {
    file: 'program.sh',
    command: ['sh', 'program.sh'],
    probes: [
      ['sh', '-c', 'true'],
      ['curl', '--version'],
      ['openssl', 'version'],
    ],
  },
  js: { file: 'program.mjs', command: [process.execPath, 'program.mjs'], probes: [] },
  python: { file: 'program.py', command: ['python3', 'program.py'], probes: [['python3', '--version']] },
  go: { file: 'program.go', command: ['go', 'run', '.'], probes: [['go', 'version']], isOptional: true },
  php: { file: 'program.php', command: ['php', 'program.php'], probes: [['php', '--version']] },
  ruby: { file: 'program.rb', command: ['ruby', 'program.rb'], probes: [['ruby', '--version']] },
};

/** A test that needs an interpreter: skipped by name where it is missing; on CI only where it is one that may be. */
export function itInterprets(language: Language, name: string, test: () => Promise<void>, timeoutMs = 20_000): void {
  const { probes, isOptional = false } = INTERPRETERS[language];
  const missing = probes
    .filter(([command, ...args]) => spawnSync(command, args).status !== 0)
    .map(([command]) => command);
  if (missing.length === 0 || (process.env.CI === 'true' && !isOptional)) it(name, test, timeoutMs);
  else it.skip(`${name} (skipped: no ${missing.join(' and no ')} here)`);
}

/** Runs a program in this folder, with nothing of the environment but what it needs and what is given. */
export async function interpret(
  language: Language,
  code: string,
  given: {
    readonly folder: string;
    readonly environment: Readonly<Record<string, string>>;
    readonly args?: readonly string[];
    /** The file `bellhop` of the language, beside the program. */
    readonly module?: string | undefined;
  },
): Promise<{ stdout: string; stderr: string }> {
  const { folder, environment, args: own = [], module } = given;
  const { file, command } = INTERPRETERS[language];
  writeFileSync(join(folder, file), code);
  if (module !== undefined) writeFileSync(join(folder, `bellhop${extname(file)}`), module);
  const { PATH = '', HOME = folder } = process.env;
  const env = { PATH, HOME, GOTOOLCHAIN: 'local', GOFLAGS: '-mod=mod', GO111MODULE: 'off', ...environment };
  const [program, ...args] = command;
  return promisify(execFile)(program, [...args, ...own], { cwd: folder, env, timeout: 120_000 });
}
