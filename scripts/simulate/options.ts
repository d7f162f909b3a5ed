import { parseArgs } from 'node:util';
import { DEFECTS } from './defects/defects.ts';

export type SimulateOptions = {
  /** The one world to run, or the first of several; null: one that nobody has chosen. */
  readonly seed: number | null;
  /** How long a world lasts, by its own time. */
  readonly days: number;
  /** So many worlds, where no time is given. */
  readonly worlds: number;
  /** Runs on for so long with fresh seeds; null: `worlds` are run. */
  readonly hours: number | null;
  /** Of the one world, only what has these numbers happens; null: all of it. */
  readonly keep: readonly number[] | null;
  /** The name of a defect that the worlds have; null: none. */
  readonly defect: string | null;
};

const USUAL_DAYS = 1;
const USUAL_WORLDS = 20;

/** Reads the words behind `npm run simulate --`. Throws a TypeError that names what it does not know. */
export function readSimulateOptions(args: readonly string[]): SimulateOptions {
  const options = {
    seed: { type: 'string' },
    days: { type: 'string' },
    worlds: { type: 'string' },
    hours: { type: 'string' },
    keep: { type: 'string' },
    defect: { type: 'string' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const { defect = null } = values;
  if (defect !== null && !Object.hasOwn(DEFECTS, defect))
    throw new TypeError(`--defect knows ${Object.keys(DEFECTS).join(', ')}, not ${defect}`);
  const seed = values.seed === undefined ? null : wholeNumber('--seed', values.seed);
  const keep = values.keep === undefined ? null : readKept(values.keep);
  if (keep !== null && seed === null) throw new TypeError('--keep goes with --seed');
  const isOne = seed !== null && values.worlds === undefined;
  return {
    seed,
    days: positive('--days', values.days ?? String(USUAL_DAYS)),
    worlds: isOne ? 1 : wholeNumber('--worlds', values.worlds ?? String(USUAL_WORLDS)),
    hours: values.hours === undefined ? null : positive('--hours', values.hours),
    keep,
    defect,
  };
}

function readKept(text: string): readonly number[] {
  return text === '' ? [] : text.split(',').map((one) => wholeNumber('--keep', one));
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (text !== '' && Number.isSafeInteger(number) && number >= 0) return number;
  throw new TypeError(`${name} takes whole numbers, not ${text}`);
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (number > 0 && Number.isFinite(number)) return number;
  throw new TypeError(`${name} takes a number above 0, not ${text}`);
}
