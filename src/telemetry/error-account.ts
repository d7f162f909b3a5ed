import { inspect } from 'node:util';
import { type Hidden, oneLine, redact } from '../domain/redaction.ts';
import { causesOf, placesOf } from './error-summary.ts';

const MOST_CHARACTERS = 1000;
const MOST_PLACES = 20;

/**
 * Tells an error whole, with its causes: kind, code, message and every place that led to it, on one line. For a part that
 * knows what its errors may carry: that is hidden in each message, and so are URLs and whatever looks like a token. Never
 * throws.
 */
export function accountOf(error: unknown, hidden: Hidden): string {
  try {
    return [error, ...causesOf(error)].map((each) => accountOfOne(each, hidden)).join(', caused by ');
  } catch {
    return 'an error that cannot be read';
  }
}

function accountOfOne(error: unknown, hidden: Hidden): string {
  const isError = error instanceof Error;
  const { code } = (isError ? error : {}) as { code?: unknown };
  const words = isError ? `${error.name}${code === undefined ? '' : ` ${code}`}: ${error.message}` : inspect(error);
  const told = redact(oneLine(words.slice(0, MOST_CHARACTERS)), hidden);
  const places = placesOf(error)
    .slice(0, MOST_PLACES)
    .map(({ place }) => ` at ${place}`);
  return told + places.join('');
}
