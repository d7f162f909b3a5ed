import type { Clock } from '../clock.ts';
import { type Nat64Prefix, prefixesIn } from './nat64.ts';
import { isBelievable } from './public-address.ts';
import type { Resolver } from './resolver.ts';

/** The name by which a network tells how it translates (RFC 7050). */
const TELLING_NAME = 'ipv4only.arpa';
const KEPT_MS = 3_600_000;
/** DNS did not answer, or is silent: it may in a moment. */
const FAILED_KEPT_MS = 60_000;
/** A connection does not wait longer than this for DNS to tell. Real time: it bounds a socket. */
const PATIENCE_MS = 2000;

/**
 * The prefixes under which this network's translators carry IPv4 addresses, asked for once an hour at most, and only when
 * somebody wants to know. None where DNS does not tell in time. Believes what can do no harm; see `isBelievable`.
 */
export function createTranslators(resolve: Resolver, clock: Pick<Clock, 'now'>): () => Promise<readonly Nat64Prefix[]> {
  let known: readonly Nat64Prefix[] = [];
  let untilMs = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | null = null;

  const ask = async (): Promise<void> => {
    try {
      const found = await resolve(TELLING_NAME);
      known = prefixesIn(found.map(({ address }) => address)).filter(isBelievable);
      untilMs = clock.now() + KEPT_MS;
    } catch {
      untilMs = clock.now() + FAILED_KEPT_MS;
    }
    asking = null;
  };

  return async () => {
    if (clock.now() < untilMs) return known;
    asking ??= ask();
    // One waits for a DNS that is silent; those after it do not.
    if (!(await isOverWithin(asking, PATIENCE_MS))) untilMs = clock.now() + FAILED_KEPT_MS;
    return known;
  };
}

async function isOverWithin(work: Promise<void>, patienceMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, patienceMs, false);
  });
  const isOver = await Promise.race([work.then(() => true), patience]);
  clearTimeout(timer);
  return isOver;
}
