import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError } from './config.ts';

const OWNER_ONLY = 0o600;
/** Created anew or not at all: neither another start's draft nor a planted link is written to. */
const ONLY_NEW = 'wx';
const OTHERS_WRITE = 0o022;
const OTHERS_READ = 0o044;

/**
 * The text of a file that holds a secret; null where there is no such file. `warn` is told, without the text, where other
 * users of the machine can read the file. Throws ConfigError where others can write to it, or where it cannot be read.
 */
export function readSecretFile(path: string, warn: (problem: string) => void): string | null {
  try {
    checkMode(path, warn);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (codeOf(error) !== 'ENOENT')
      throw new ConfigError([`${path} cannot be read (${codeOf(error)}): check its owner and mode.`]);
    if (!isLink(path)) return null;
    throw new ConfigError([`${path} is a link that leads nowhere: restore the file it names, or remove the link.`]);
  }
}

/** `warn` is told where other users of the machine can write to a file that a setting names; a pipe is nobody's to write to. */
export function warnIfOpen(path: string, warn: (problem: string) => void): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (process.platform === 'win32' || stat?.isFile() !== true || (stat.mode & OTHERS_WRITE) === 0) return;
  warn(`${path} can be written by other users (mode ${(stat.mode & 0o777).toString(8)}): chmod go-w ${path}`);
}

/** Writes a file that is not there yet, for its owner only. False, and nothing written, where another start was first. */
export function makeSecretFile(path: string, text: string): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    throughDraft(path, text, (draft) => linkSync(draft, path));
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && isThere(path)) return false;
    throw unwritable(`DATA_DIR: ${path}`, error, 'give this user the right to, or name another folder');
  }
}

/** Replaces a file whole or not at all. Throws ConfigError where it cannot be written. */
export function replaceSecretFile(path: string, text: string): void {
  try {
    throughDraft(path, text, (draft) => renameSync(draft, path));
  } catch (error) {
    throw unwritable(path, error, 'run this as the user the service runs as');
  }
}

function unwritable(what: string, error: unknown, remedy: string): ConfigError {
  const code = codeOf(error);
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  return new ConfigError([
    `${what} cannot be written (${code}): ${isFull ? 'free some space on its disk; nothing was changed' : remedy}.`,
  ]);
}

/** Written under a name that nobody can guess, and then put in place, so that a crash leaves the whole file or none. */
function throughDraft(path: string, text: string, place: (draft: string) => void): void {
  const draft = `${path}.${randomBytes(12).toString('hex')}.new`;
  try {
    writeFileSync(draft, text, { mode: OWNER_ONLY, flag: ONLY_NEW, flush: true });
    chmodSync(draft, OWNER_ONLY);
    place(draft);
  } finally {
    rmSync(draft, { force: true });
  }
}

function checkMode(path: string, warn: (problem: string) => void): void {
  const stat = statSync(path);
  // To read a pipe would wait for somebody to write to it.
  if (!stat.isFile())
    throw new ConfigError([`${path} is no file: move it away, and restore the file if there was one.`]);
  // Windows has other means, and these bits say nothing there.
  if (process.platform === 'win32') return;
  const mode = stat.mode & 0o777;
  if ((mode & OTHERS_WRITE) !== 0) {
    throw new ConfigError([
      `${path} can be written by other users (mode ${mode.toString(8)}), so its secret may be theirs: chmod 600 ${path}, and make a new secret if somebody may have changed it.`,
    ]);
  }
  if ((mode & OTHERS_READ) !== 0)
    warn(`${path} can be read by other users of this machine (mode ${mode.toString(8)}): chmod 600 ${path}`);
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code ?? 'unknown');
}
