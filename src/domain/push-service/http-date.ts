const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const TIME = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)';
const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG_DAY = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';
const MONTH = '(?<month>[A-Z][a-z]{2})';

/** RFC 9110 section 5.6.7: IMF-fixdate, RFC 850 and asctime, which has no zone and means UTC. */
const FORMS = [
  new RegExp(`^${DAY}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  new RegExp(`^${LONG_DAY}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`),
  new RegExp(`^${DAY} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`),
];

/**
 * The instant of an HTTP date, or null for any other text. `Date.parse` takes too much: it reads “Mondrian 2030” as a
 * date, in the machine's own zone. The day of the week is not compared.
 */
export function parseHttpDate(text: string, nowMs: number): number | null {
  for (const form of FORMS) {
    const parts = form.exec(text)?.groups;
    if (parts !== undefined) return instantOf(parts, nowMs);
  }
  return null;
}

function instantOf(parts: Readonly<Record<string, string>>, nowMs: number): number | null {
  const [day = 0, hour = 0, minute = 0, second = 0] = ['day', 'hour', 'minute', 'second'].map((n) => Number(parts[n]));
  const month = MONTHS.indexOf(parts.month ?? '');
  const year = fullYear(parts.year ?? '', nowMs);
  // A leap second is 60.
  if (month < 0 || hour > 23 || minute > 59 || second > 60) return null;
  // biome-ignore lint/style/noRestrictedGlobals: reckoning with a given date reads no clock.
  const midnight = new Date(0);
  // Date.UTC would read the years before 100 as 1900 and later; this does not.
  midnight.setUTCFullYear(year, month, day);
  if (midnight.getUTCDate() !== day) return null;
  return midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1000;
}

/** A year of two digits that would lie more than fifty years ahead is one in the past (RFC 9110 section 5.6.7). */
function fullYear(digits: string, nowMs: number): number {
  if (digits.length === 4) return Number(digits);
  // biome-ignore lint/style/noRestrictedGlobals: reckoning with a given instant reads no clock.
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(digits);
  if (year > thisYear + 50) return year - 100;
  return year <= thisYear - 50 ? year + 100 : year;
}
