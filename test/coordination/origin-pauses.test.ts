import { describe, expect, it } from 'vitest';
import { createOriginPauses } from '../../src/coordination/origin-pauses.ts';

const ORIGIN = 'https://push.example.net';
const HOUR_MS = 3_600_000;

describe('pauses of origins', () => {
  it('last as long as the longest that was asked for', () => {
    const pauses = createOriginPauses();
    pauses.add({ origin: ORIGIN, untilMs: 2000 });
    pauses.add({ origin: ORIGIN, untilMs: 1000 });
    expect([pauses.untilMs(ORIGIN, 0), pauses.untilMs(ORIGIN, 2000)]).toEqual([2000, null]);
  });

  it('last no longer where the clock is set back by an hour', () => {
    const pauses = createOriginPauses();
    pauses.add({ origin: ORIGIN, untilMs: HOUR_MS + 120_000 });
    expect(pauses.untilMs(ORIGIN, HOUR_MS)).toBe(HOUR_MS + 120_000);
    expect(pauses.untilMs(ORIGIN, 1000)).toBe(121_000);
    expect(pauses.untilMs(ORIGIN, 121_000)).toBeNull();
  });
});
