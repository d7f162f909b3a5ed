import { asIs } from './setting-parsers.ts';

export type Setting<Value> = {
  /** As it would be written in the environment; null where being unset means something of its own. */
  readonly byDefault: string | null;
  readonly meaning: string;
  readonly parse: (text: string) => Value;
  /** Whether `NAME_FILE` may name a file that holds it. */
  readonly mayBeInFile: boolean;
  /** Whether the name in lower case goes before it, as everywhere: it is not Bellhop’s alone. */
  readonly isAlsoInLowerCase?: boolean;
};

type WithDefault<Value> = Setting<Value> & { readonly byDefault: string };

export function setting<Value>(byDefault: string, parse: (text: string) => Value, meaning: string): WithDefault<Value> {
  return { byDefault, parse, meaning, mayBeInFile: false };
}

export function optional<Value>(
  parse: (text: string) => Value,
  meaning: string,
): Setting<Value> & { readonly byDefault: null } {
  return { byDefault: null, parse, meaning, mayBeInFile: false };
}

/** What holds a secret, or belongs to one. */
export function secretly<Value>(
  parse: (text: string) => Value,
  meaning: string,
): Setting<Value> & { readonly byDefault: null } {
  return { ...optional(parse, meaning), mayBeInFile: true };
}

/** What many programs go by. */
export function ofTheSystem(meaning: string): Setting<string> & { readonly byDefault: null } {
  return { ...optional(asIs, meaning), isAlsoInLowerCase: true };
}
