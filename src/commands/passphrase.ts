import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { ConfigError } from '../config/config.ts';
import { readText } from '../config/environment.ts';

export type PassphraseSource = {
  /** `BACKUP_PASSPHRASE`, or what `BACKUP_PASSPHRASE_FILE` names. */
  readonly set: string | null;
  /** `--passphrase-file`. */
  readonly file: string | undefined;
};

/** Whether there is one without asking. */
export function hasPassphrase({ set, file }: PassphraseSource): boolean {
  return set !== null || file !== undefined;
}

/** From the file that the command names, from the setting, or from the person at the terminal; throws ConfigError where there is none. */
export async function readPassphrase({ set, file }: PassphraseSource): Promise<string> {
  if (file !== undefined) return passphraseIn(file);
  if (set !== null) return set;
  if (process.stdin.isTTY === true && process.stderr.isTTY === true) return askForPassphrase();
  throw new ConfigError([
    'The keys need a passphrase: set BACKUP_PASSPHRASE or BACKUP_PASSPHRASE_FILE, or give --passphrase-file=FILE.',
  ]);
}

function passphraseIn(path: string): string {
  try {
    return readText(path).trim();
  } catch (error) {
    throw new ConfigError([`--passphrase-file: ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`]);
  }
}

/** What is typed is not shown. */
function askForPassphrase(): Promise<string> {
  process.stderr.write('Passphrase for the keys: ');
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  return new Promise((resolve, reject) => {
    lines.once('line', (line) => {
      lines.close();
      process.stderr.write('\n');
      resolve(line);
    });
    lines.once('SIGINT', () => {
      lines.close();
      process.stderr.write('\n');
      reject(new ConfigError(['No passphrase was given.']));
    });
  });
}
