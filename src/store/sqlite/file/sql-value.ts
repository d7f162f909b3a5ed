import { decodeText, encodeText } from '../../stored-text.ts';

/** The only values that are bound: `libsql` aborts the whole process on a boolean, and rounds large bigints. */
export type SqlValue = string | number | null;

/** The value as the driver gets it. Refuses whatever SQLite would refuse, round or crash on. */
export function toBound(value: unknown): SqlValue {
  if (value === null) return null;
  if (typeof value === 'string') return encodeText(value);
  const isExact = typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  if (isExact) return value;
  throw new TypeError(`a SQL value is a string, a finite number in the safe range or null, not ${describe(value)}`);
}

/** A column's value as it was before `toBound`. */
export function fromColumn(value: unknown): SqlValue {
  if (typeof value === 'string') return decodeText(value);
  if (value === null || typeof value === 'number') return value;
  throw new TypeError(`a column held ${describe(value)}, which Bellhop never writes`);
}

/** A list to bind as one value and to read in SQL with `json_each`, each text as a column holds it. */
export function textList(texts: readonly string[]): string {
  return JSON.stringify(texts.map(encodeText));
}

function describe(value: unknown): string {
  return typeof value === 'number' ? String(value) : typeof value;
}
