import type { Setting } from './setting.ts';
import { SettingProblem } from './setting-parsers.ts';
import { SETTINGS, type SettingValues } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Throws what reading a file throws. */
export type ReadText = (path: string) => string;

type Settings = {
  /** The default where a value is malformed. */
  readonly values: SettingValues;
  /** Files that held a value. */
  readonly secretFiles: readonly string[];
  /** What keeps the values from being used, each with what to do; more may be found in what they mean together. */
  readonly problems: string[];
};

/** By this, containers name a file that holds a value, so that the value is in no environment. */
const FILE_SUFFIX = '_FILE';

/** Takes each setting from the environment, or from the file that `NAME_FILE` names. No problem repeats what a file holds. */
export function readSettings(environment: Environment, readText: ReadText): Settings {
  const problems: string[] = unknownNames(environment);
  const secretFiles: string[] = [];
  const parsed = Object.entries<Setting<unknown>>(SETTINGS).map(([name, setting]) => {
    const path = setting.mayBeInFile ? textOf(environment, name + FILE_SUFFIX) : null;
    if (path !== null) secretFiles.push(path);
    try {
      const own = setting.isAlsoInLowerCase === true ? textOf(environment, name.toLowerCase()) : null;
      const text = path === null ? (own ?? textOf(environment, name)) : textInFile(environment, name, path, readText);
      return [name, parse(setting, text)];
    } catch (error) {
      if (!(error instanceof SettingProblem)) throw error;
      problems.push(`${name} ${error.message}`);
      return [name, parse(setting, null)];
    }
  });
  return { values: Object.fromEntries(parsed) as SettingValues, secretFiles, problems };
}

function textOf(environment: Environment, name: string): string | null {
  return environment[name]?.trim() || null;
}

function parse(setting: Setting<unknown>, text: string | null): unknown {
  const given = text ?? setting.byDefault;
  return given === null ? null : setting.parse(given);
}

function textInFile(environment: Environment, name: string, path: string, readText: ReadText): string {
  const fileName = name + FILE_SUFFIX;
  if (textOf(environment, name) !== null) throw new SettingProblem(`and ${fileName} are both set: keep one of them.`);
  const text = tryToRead(fileName, path, readText).trim();
  if (text === '') throw new SettingProblem(`is to be in ${path} (${fileName}), which is empty.`);
  // A key in a PEM has many lines.
  const isLine = !/[\r\n]/.test(text) || text.startsWith('-----BEGIN ');
  if (!isLine) throw new SettingProblem(`is to be in ${path} (${fileName}), which has more than one line.`);
  return text;
}

function tryToRead(fileName: string, path: string, readText: ReadText): string {
  try {
    return readText(path);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new SettingProblem(`is to be in ${path} (${fileName}), which cannot be read (${why}).`);
  }
}

function unknownNames(environment: Environment): string[] {
  return Object.keys(environment).flatMap((name) => {
    if (environment[name] === undefined) return [];
    if (name.startsWith('BELLHOP_')) return [withPrefix(name)];
    const base = name.endsWith(FILE_SUFFIX) ? name.slice(0, -FILE_SUFFIX.length) : '';
    if (isKnown(name) || !(base in SETTINGS)) return [];
    return [`${name} is not a setting: ${base} is no secret, so set it in the environment itself.`];
  });
}

function withPrefix(name: string): string {
  const plain = name.slice('BELLHOP_'.length);
  return isKnown(plain)
    ? `${name} is not a setting: its name is ${plain}, without the prefix.`
    : `${name} is not a setting: see docs/configuration.md for those there are.`;
}

function isKnown(name: string): boolean {
  return name in SETTINGS || NAMES_OF_FILES.includes(name);
}

/** The names by which files are named: `HMAC_SECRET_FILE` and others. */
export const NAMES_OF_FILES: readonly string[] = Object.entries<Setting<unknown>>(SETTINGS)
  .filter(([, { mayBeInFile }]) => mayBeInFile)
  .map(([name]) => name + FILE_SUFFIX);
