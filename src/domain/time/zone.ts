/**
 * Time zones of the IANA database, as the runtime's `Intl` knows them: an offset costs a microsecond, and a library that
 * computes it would have to be loaded by every process, also by those that know no zone (decision 26).
 */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Wider than any offset and any shift of one, so that both sides of a shift are seen. */
const AROUND_MS = 36 * HOUR_MS;

/** The longest gap was a day: Samoa had no 30 December 2011. */
const DAY_AND_MORE_MS = 25 * HOUR_MS;

/** An unnamed offset such as `+01:00` is no zone: it has no daylight saving, so a person's day would move. */
const NAME = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,2}$/;

/** Names that CLDR keeps for what the IANA database has renamed since: ours are those of the database. */
const RENAMED: Readonly<Record<string, string>> = {
  'Africa/Asmera': 'Africa/Asmara',
  'America/Buenos_Aires': 'America/Argentina/Buenos_Aires',
  'America/Catamarca': 'America/Argentina/Catamarca',
  'America/Coral_Harbour': 'America/Atikokan',
  'America/Cordoba': 'America/Argentina/Cordoba',
  'America/Godthab': 'America/Nuuk',
  'America/Indianapolis': 'America/Indiana/Indianapolis',
  'America/Jujuy': 'America/Argentina/Jujuy',
  'America/Louisville': 'America/Kentucky/Louisville',
  'America/Mendoza': 'America/Argentina/Mendoza',
  'Asia/Calcutta': 'Asia/Kolkata',
  'Asia/Katmandu': 'Asia/Kathmandu',
  'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh',
  'Atlantic/Faeroe': 'Atlantic/Faroe',
  'Europe/Kiev': 'Europe/Kyiv',
  'Pacific/Enderbury': 'Pacific/Kanton',
  'Pacific/Ponape': 'Pacific/Pohnpei',
  'Pacific/Truk': 'Pacific/Chuuk',
};

/** The name by which a zone is kept, whatever way the caller wrote it; null where there is no zone of that name. */
export function canonicalZone(name: string): string | null {
  if (name.length > 64 || !NAME.test(name)) return null;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions();
    return RENAMED[timeZone] ?? timeZone;
  } catch {
    return null;
  }
}

/** What clocks in the zone show at an instant, as though that were UTC: epoch milliseconds of the wall clock. */
export function wallClockMs(zone: string, atMs: number): number {
  return atMs + offsetMs(zone, atMs);
}

/**
 * The instants at which clocks in the zone show `wallMs`: the first and the last, which differ where a clock is set back over it.
 * Where a clock is set forward over it, the instant of the shift.
 */
export function instantsOf(zone: string, wallMs: number): { readonly firstMs: number; readonly lastMs: number } {
  const before = offsetMs(zone, wallMs - AROUND_MS);
  const after = offsetMs(zone, wallMs + AROUND_MS);
  const shown = [wallMs - before, wallMs - after].filter((atMs) => wallClockMs(zone, atMs) === wallMs);
  if (shown.length > 0) return { firstMs: Math.min(...shown), lastMs: Math.max(...shown) };
  const shiftMs = shiftBetween(zone, wallMs - AROUND_MS, wallMs + AROUND_MS);
  return { firstMs: shiftMs, lastMs: shiftMs };
}

/**
 * The instant at which something is to happen that is planned for `wallMs`: the first at which clocks in the zone show it. Where a clock
 * is set forward over it, it moves on by as much as the clock does (what Temporal calls `compatible`).
 */
export function instantOf(zone: string, wallMs: number): number {
  const before = offsetMs(zone, wallMs - AROUND_MS);
  const after = offsetMs(zone, wallMs + AROUND_MS);
  const shown = [wallMs - before, wallMs - after].filter((atMs) => wallClockMs(zone, atMs) === wallMs);
  return shown.length > 0 ? Math.min(...shown) : wallMs - before;
}

/**
 * How a clock in the zone meets a time that is planned for `wallMs`, which comes at `instantOf`: `gap`, it never shows the time; `overlap`,
 * it shows it twice.
 */
export function shiftOver(zone: string, wallMs: number): 'gap' | 'overlap' | null {
  const { firstMs, lastMs } = instantsOf(zone, wallMs);
  if (wallClockMs(zone, firstMs) !== wallMs) return 'gap';
  return firstMs === lastMs ? null : 'overlap';
}

/** By how much clocks in the zone were set forward within the day that ends at `atMs`; 0: they were not. */
export function gapBeforeMs(zone: string, atMs: number): number {
  return Math.max(0, offsetMs(zone, atMs) - offsetMs(zone, atMs - DAY_AND_MORE_MS));
}

/** The first instant of the later offset, to the second: clocks are shifted at whole seconds. */
function shiftBetween(zone: string, fromMs: number, untilMs: number): number {
  const before = offsetMs(zone, fromMs);
  let [low, high] = [Math.floor(fromMs / 1000), Math.ceil(untilMs / 1000)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetMs(zone, middle * 1000) === before) low = middle;
    else high = middle;
  }
  return high * 1000;
}

/** Offsets seldom change, and everybody of a zone asks for the same hours. */
const MOST_KEPT = 20_000;
const keptOffsets = new Map<string, number>();

/** Shifts come at whole quarters of an hour, in every zone since 1972. */
const STEP_MS = 15 * MINUTE_MS;

function offsetMs(zone: string, atMs: number): number {
  const step = Math.floor(atMs / STEP_MS);
  const key = `${zone} ${step}`;
  const known = keptOffsets.get(key);
  if (known !== undefined) return known;
  const offset = readOffsetMs(zone, step * STEP_MS);
  if (keptOffsets.size >= MOST_KEPT) keptOffsets.clear();
  keptOffsets.set(key, offset);
  return offset;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function readOffsetMs(zone: string, atMs: number): number {
  let format = formats.get(zone);
  if (format === undefined) {
    const two = '2-digit';
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: two,
      day: two,
      hour: two,
      minute: two,
      second: two,
    });
    formats.set(zone, format);
  }
  // “11/14/2023, 23:13:20”
  const [month = 1, day = 1, year = 1970, hour = 0, minute = 0, second = 0] = (
    format.format(atMs).match(/\d+/g) ?? []
  ).map(Number);
  // biome-ignore lint/style/noRestrictedGlobals: reckoning with a given date reads no clock.
  return Date.UTC(year, month - 1, day, hour, minute, second) - atMs;
}
