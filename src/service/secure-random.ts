import { randomFillSync } from 'node:crypto';
import type { Random } from '../domain/ids.ts';

const OCTETS_EACH = 6;
const DRAWN_AT_ONCE = 512;

/**
 * Numbers in [0, 1) of 48 bits each from the system's randomness, for ids and jitter. Drawn many at once: asking the
 * system for six octets costs as much as asking for thousands, and each push asks three times.
 */
export function createSecureRandom(): Random {
  const pool = Buffer.alloc(OCTETS_EACH * DRAWN_AT_ONCE);
  let next = pool.length;
  return () => {
    if (next === pool.length) {
      randomFillSync(pool);
      next = 0;
    }
    next += OCTETS_EACH;
    return pool.readUIntBE(next - OCTETS_EACH, OCTETS_EACH) / 2 ** 48;
  };
}
