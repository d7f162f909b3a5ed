/** The latest instant that a date can hold. */
const LATEST_MS = 8_640_000_000_000_000;

/** Epoch milliseconds as the date that a TTL index needs. */
export function instant(atMs: number): Date {
  return new Date(Math.min(atMs, LATEST_MS));
}
