import type { Cron as Croner } from 'croner';

/** A cron expression, read by the wall clock alone: which zone that clock stands in is another's business. */
export type Cron = {
  /** The first minute after this one that the expression names, as epoch milliseconds of the wall clock; null: there is none. */
  next(afterWallMs: number): number | null;
};

/** What an expression says, or what is wrong with it: in one field, or as a whole. */
export type CronReading =
  | { readonly kind: 'cron'; readonly cron: Cron }
  | { readonly kind: 'error'; readonly field: CronField | null; readonly message: string };

/** In the order in which they are written, with what each may hold. */
const FIELDS = {
  minute: '0 to 59',
  hour: '0 to 23',
  'day of the month': '1 to 31, or L for the last',
  month: '1 to 12, or JAN to DEC',
  'day of the week': '0 to 7 (0 and 7 are Sunday), or SUN to SAT',
} as const;
type CronField = keyof typeof FIELDS;
const FIELD_NAMES = Object.keys(FIELDS) as CronField[];

/** Longer than any that a person writes. */
export const MAX_CRON_LENGTH = 256;

/** What the five fields of cron have in common; the library knows more, which other crons read in other ways. */
const COMMON = /^[0-9A-Za-z*,/-]+$/;
const NAME_OR_NUMBER = /[A-Za-z]+|\d+/g;
const NAMES: Readonly<Record<CronField, string>> = {
  minute: '',
  hour: '',
  'day of the month': 'L',
  month: 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC',
  'day of the week': 'SUN MON TUE WED THU FRI SAT',
};

/** Years repeat after 400; 29 February on a Sunday comes every 28 or 40. */
const START_WALL_MS = 946_684_800_000;

const MOST_KEPT = 1000;
const kept = new Map<string, CronReading>();

/**
 * Reads five fields. The library is loaded with the first expression: a process that knows no schedule never loads it. One that
 * names no day that there is (30 February) is an error, too.
 */
export async function readCron(text: string): Promise<CronReading> {
  const known = kept.get(text);
  if (known !== undefined) return known;
  const reading = await read(text);
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(text, reading);
  return reading;
}

async function read(text: string): Promise<CronReading> {
  const fields = text.trim().split(/\s+/);
  if (text.length > MAX_CRON_LENGTH) return refusal(null, `must have at most ${MAX_CRON_LENGTH} characters`);
  if (fields.length !== FIELD_NAMES.length) return refusal(null, countMessage(text, fields.length));
  const { Cron } = await import('croner');
  for (const [index, name] of FIELD_NAMES.entries()) {
    const field = fields[index] ?? '';
    const alone = FIELD_NAMES.map((_, other) => (other === index ? field : '*')).join(' ');
    if (!hasCommonForm(name, field) || compiled(Cron, alone) === null) return refusal(name, fieldMessage(name, field));
  }
  const croner = compiled(Cron, fields.join(' '));
  if (croner === null) return refusal(null, 'cannot be read as cron');
  const cron = { next: (afterWallMs: number) => nextMinute(croner, afterWallMs) };
  if (cron.next(START_WALL_MS) === null) {
    return refusal(null, 'never comes: no year has a day that fits day of the month and month');
  }
  return { kind: 'cron', cron };
}

function refusal(field: CronField | null, message: string): CronReading {
  return { kind: 'error', field, message };
}

function countMessage(text: string, count: number): string {
  if (text.trim().startsWith('@')) return 'must be five fields; names such as @daily are not known';
  const more = count === 6 ? '; a sixth, for seconds, is not known' : '';
  return `must have five fields (${FIELD_NAMES.join(', ')}), not ${text.trim() === '' ? 0 : count}${more}`;
}

function fieldMessage(name: CronField, field: string): string {
  return `has a ${name} that cannot be read: “${field.slice(0, 40)}”. It holds ${FIELDS[name]}; *, lists (1,2), ranges (1-5), and steps (*/5, 1-9/2)`;
}

function hasCommonForm(name: CronField, field: string): boolean {
  if (!COMMON.test(field)) return false;
  const words = NAMES[name].split(' ');
  return (field.match(NAME_OR_NUMBER) ?? []).every((word) => /^\d/.test(word) || words.includes(word.toUpperCase()));
}

function compiled(Cron: typeof Croner, pattern: string): Croner | null {
  try {
    return new Cron(pattern.toUpperCase(), { mode: '5-part', timezone: 'UTC', paused: true });
  } catch {
    return null;
  }
}

/** The wall clock is told to the library as UTC, in which no minute is left out and none comes twice. */
function nextMinute(croner: Croner, afterWallMs: number): number | null {
  // biome-ignore lint/style/noRestrictedGlobals: reckoning with a given date reads no clock.
  return croner.nextRun(new Date(afterWallMs))?.getTime() ?? null;
}
