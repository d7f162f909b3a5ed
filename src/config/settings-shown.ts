import type { Setting } from './setting.ts';
import type { Environment } from './setting-values.ts';
import { SETTINGS } from './settings.ts';

/** These are no secrets as a whole, and have some in them. */
const PARTLY_SECRET: ReadonlySet<string> = new Set(['API_KEYS', 'HTTPS_PROXY']);

/** Which settings were set, each with its value, or that it is hidden, for people to look at. */
export function settingsShown(environment: Environment): readonly (readonly [name: string, value: string])[] {
  return Object.entries<Setting<unknown>>(SETTINGS).flatMap(([name, { mayBeInFile }]) => {
    const file = environment[`${name}_FILE`]?.trim();
    const value = environment[name]?.trim();
    if (mayBeInFile && file) return [[name, `in ${file}`] as const];
    if (!value) return [];
    return [[name, mayBeInFile || PARTLY_SECRET.has(name) ? 'set, and hidden here' : value] as const];
  });
}
