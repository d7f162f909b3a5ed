import { createHash } from 'node:crypto';
import type { Experiment } from './experiment.ts';

/** What an experiment has for a user. `waiting`: outside of the test, until it is decided. */
export type Assignment =
  | { readonly kind: 'variant'; readonly key: string }
  | { readonly kind: 'holdout' }
  | { readonly kind: 'waiting' };

const OCTETS = 6;
const PLACES = 256 ** OCTETS;

/**
 * Where a user stands in [0, 1), by a hash of the experiment's key and the user's id: the same in every process, replay and version,
 * and independent of where the user stands in any other experiment.
 */
export function placeOf(experimentKey: string, userId: string): number {
  const digest = createHash('sha256')
    .update(JSON.stringify([experimentKey, userId]))
    .digest();
  return digest.readUIntBE(0, OCTETS) / PLACES;
}

/** The holdout stands first, then the variants in their order, by weight, then who waits. */
export function assign({ key, holdoutPercent, testPercent, variants }: Experiment, userId: string): Assignment {
  const place = placeOf(key, userId);
  const holdout = holdoutPercent / 100;
  if (place < holdout) return { kind: 'holdout' };
  const test = testPercent === null ? 1 - holdout : Math.min(testPercent / 100, 1 - holdout);
  const within = (place - holdout) / test;
  if (within >= 1) return { kind: 'waiting' };
  const total = variants.reduce((sum, { weight }) => sum + weight, 0);
  let upTo = 0;
  for (const variant of variants) {
    upTo += variant.weight;
    if (within * total < upTo) return { kind: 'variant', key: variant.key };
  }
  // Reached only by what rounding leaves beyond the last one.
  return { kind: 'variant', key: variants.at(-1)?.key ?? '' };
}
