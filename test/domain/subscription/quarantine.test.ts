import { describe, expect, it } from 'vitest';
import { GO } from '../../../src/domain/delivery/gate.ts';
import { quarantineGate } from '../../../src/domain/subscription/quarantine.ts';
import { NOW_MS, sampleSubscription } from '../../support/samples.ts';

const until = (untilMs: number) => sampleSubscription({ quarantine: { sinceMs: NOW_MS - 1, untilMs } });

describe('the gate of the quarantine', () => {
  it('has a delivery wait until the quarantine ends, and no longer', () => {
    expect(quarantineGate({ subscription: until(NOW_MS + 1) }, NOW_MS)).toEqual({ kind: 'wait', untilMs: NOW_MS + 1 });
    expect(quarantineGate({ subscription: until(NOW_MS) }, NOW_MS)).toBe(GO);
  });

  it('lets go where there is no quarantine, or no subscription', () => {
    expect(quarantineGate({ subscription: sampleSubscription() }, NOW_MS)).toBe(GO);
    expect(quarantineGate({ subscription: null }, NOW_MS)).toBe(GO);
  });
});
