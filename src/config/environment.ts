import { lstatSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { ConfigError } from './config.ts';
import type { Environment } from './setting-values.ts';

const DOT_ENV = '.env';

/** Bellhop's own, from package.json. */
export const VERSION = (JSON.parse(readText(new URL('../../package.json', import.meta.url))) as { version: string })
  .version;

/**
 * What this process is told: a `.env` in the working folder, and the environment before it. Throws ConfigError where the
 * file is there and cannot be read.
 */
export function readEnvironment(): Environment {
  return { ...parseEnv(readDotEnv().trim()), ...process.env };
}

export function readText(path: string | URL): string {
  return readFileSync(path, 'utf8');
}

/** Empty where there is none. */
function readDotEnv(): string {
  if (lstatSync(DOT_ENV, { throwIfNoEntry: false }) === undefined) return '';
  try {
    return readText(DOT_ENV);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'is a link that leads nowhere' : `cannot be read (${code})`;
    throw new ConfigError([`${DOT_ENV} in this folder ${why}: mend it or move it away.`]);
  }
}
