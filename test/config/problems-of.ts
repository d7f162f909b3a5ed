import { ConfigError, parseConfig } from '../../src/config/config.ts';
import type { Environment } from '../../src/config/setting-values.ts';

/** Where a setting names a file. */
export const noFile = (): string => {
  throw new Error('ENOENT');
};

/** What is wrong with these settings; none where they are taken. */
export function problemsOf(environment: Environment): readonly string[] {
  try {
    parseConfig(environment, noFile);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
