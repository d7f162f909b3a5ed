import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { ConfigError, type Environment } from './config.ts';

/** Bellhop's own, from package.json. */
export const VERSION = (JSON.parse(readText(new URL('../../package.json', import.meta.url))) as { version: string })
  .version;

/**
 * What this process is told: a `.env` in the working folder, and the environment before it. Throws ConfigError where the
 * file is there and cannot be read.
 */
export function readEnvironment(): Environment {
  const fromFile = existsSync('.env') ? parseEnv(readDotEnv()) : {};
  return { ...fromFile, ...process.env };
}

export function readText(path: string | URL): string {
  return readFileSync(path, 'utf8');
}

function readDotEnv(): string {
  try {
    return readText('.env');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code;
    throw new ConfigError([`.env in this folder cannot be read (${why}): mend it or move it away.`]);
  }
}
