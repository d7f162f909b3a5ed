import { describe, expect, it } from 'vitest';
import { DELIVERY_STATES, FINAL_STATES, OPEN_STATES } from '../../../src/domain/delivery/delivery.ts';
import { statusWith, touchedBy } from '../../../src/domain/notification/status.ts';
import { sampleDelivery, sampleNotification, sampleSubscription } from '../../support/samples.ts';

it('every state of a delivery is open or final', () => {
  expect([...OPEN_STATES, ...FINAL_STATES].sort()).toEqual([...DELIVERY_STATES].sort());
});

describe('statusWith', () => {
  it('is completed where there is nobody to reach', () => {
    expect(statusWith([])).toBe('completed');
  });

  it.each(OPEN_STATES)('is sending where one delivery of many is %s', (state) => {
    expect(statusWith([{ state: 'delivered' }, { state }, { state: 'failed' }])).toBe('sending');
  });

  it('is completed where all are final', () => {
    expect(statusWith(FINAL_STATES.map((state) => ({ state })))).toBe('completed');
  });
});

it('touchedBy tells by the state after a settlement what it means to the notification', () => {
  const [one, two] = [sampleNotification(), sampleNotification()];
  const settled = [
    sampleDelivery(one, sampleSubscription(), { state: 'delivered', dueAtMs: null }),
    sampleDelivery(one, sampleSubscription(), { state: 'expired', dueAtMs: null }),
    sampleDelivery(two, sampleSubscription(), { state: 'failed', dueAtMs: null }),
    sampleDelivery(two, sampleSubscription(), { state: 'retrying' }),
  ].map((after) => ({ version: 1, from: 'sending', after, change: null, attempt: null }) as const);
  expect(touchedBy(settled)).toEqual({ perhapsCompleted: new Set([one.id, two.id]), open: new Set([two.id]) });
});
