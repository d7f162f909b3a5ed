import { promises as dns, type LookupAddress } from 'node:dns';
import type { Clock } from '../clock.ts';

/** Finds every address of a host name; rejects with a `code` as `node:dns` does. */
export type Resolver = (hostname: string) => Promise<readonly LookupAddress[]>;

export const resolveBySystem: Resolver = (hostname) => dns.lookup(hostname, { all: true });

/** How long a name that does not exist is taken not to: a new one may take so long until it works. */
const KEPT_MS = 45_000;
const MOST_NAMES = 10_000;

/** What DNS answers of a name that does not exist, or has no address. Whatever else it says may pass in a moment. */
const MISSING = new Set(['ENOTFOUND', 'ENODATA']);

/**
 * A resolver that keeps the answer “no such name” for a while: names under a push service’s domain may be made up by the
 * thousand, and the system resolves four at a time.
 */
export function rememberMissing(resolve: Resolver, clock: Pick<Clock, 'now'>): Resolver {
  const missing = new Map<string, { readonly error: unknown; readonly untilMs: number }>();

  const note = (hostname: string, error: unknown): void => {
    missing.delete(hostname);
    // The one that was noted first goes.
    for (const oldest of missing.keys()) {
      if (missing.size < MOST_NAMES) break;
      missing.delete(oldest);
    }
    missing.set(hostname, { error, untilMs: clock.now() + KEPT_MS });
  };

  return async (hostname) => {
    const known = missing.get(hostname);
    if (known !== undefined && known.untilMs > clock.now()) throw known.error;
    try {
      const found = await resolve(hostname);
      missing.delete(hostname);
      return found;
    } catch (error) {
      if (MISSING.has(String((error as { code?: unknown }).code))) note(hostname, error);
      throw error;
    }
  };
}
