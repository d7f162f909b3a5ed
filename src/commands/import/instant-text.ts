/** Below this a number counts seconds: as milliseconds it would be of March 1973. */
const FIRST_MS = 100_000_000_000;

const DATE_AND_TIME =
  /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,9}))? ?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?$/;

/**
 * Epoch milliseconds of an instant as databases and languages write it: ISO 8601, with a space for the T, with `UTC` or an offset
 * of two digits; or a number of seconds or milliseconds. Without a zone it is UTC. Null where it is none.
 */
export function readInstant(given: unknown): number | null {
  const text = String(given).trim();
  if (/^\d{1,15}(?:\.\d{1,9})?$/.test(text)) {
    const number = Number(text);
    return Math.floor(number < FIRST_MS ? number * 1000 : number);
  }
  const [, date, time, fraction = '0', zone = 'Z'] = DATE_AND_TIME.exec(text) ?? [];
  if (date === undefined || time === undefined) return null;
  const seconds = time.length === 5 ? `${time}:00` : time;
  const atMs = Date.parse(`${date}T${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}${offsetOf(zone)}`);
  return Number.isNaN(atMs) || atMs < 0 ? null : atMs;
}

function offsetOf(zone: string): string {
  if (zone === 'Z' || zone === 'UTC') return 'Z';
  return `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`;
}
