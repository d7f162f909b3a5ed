import { describe, expect, it } from 'vitest';
import { DELIVERY_STATES, END_REASONS, isFinal } from '../../../src/domain/delivery/delivery.ts';
import { deliveryAccountOf } from '../../../src/domain/delivery/delivery-account.ts';
import {
  NOW_MS,
  sampleAttempt,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../../support/samples.ts';

const subscription = sampleSubscription();
const about = { subscription, service: 'Mozilla' };
const delivery = (overrides: Parameters<typeof sampleDelivery>[2]) =>
  sampleDelivery(sampleNotification(), subscription, overrides);

describe('what came of a delivery, in words', () => {
  it('is one sentence for every state and reason', () => {
    for (const state of DELIVERY_STATES)
      for (const reason of isFinal(state) && state !== 'delivered' ? END_REASONS : [null])
        for (const attempts of [[], [sampleAttempt({ error: 'the words' })]]) {
          const { says } = deliveryAccountOf(delivery({ state, reason, attempts }), about);
          expect(says, `${state} ${reason}`).toMatch(/^[A-Z].*[^.]\.$/);
          if (attempts.length > 0 && isFinal(state)) expect(says).toContain('the words');
        }
  });

  it('tells when it goes on, and only where it waits', () => {
    const next = (state: 'retrying' | 'sending' | 'held') =>
      deliveryAccountOf(delivery({ state, dueAtMs: NOW_MS + 5 }), about).nextAtMs;
    expect([next('retrying'), next('held'), next('sending')]).toEqual([NOW_MS + 5, NOW_MS + 5, null]);
  });

  it('has the remedy of the attempt where the end has none of its own', () => {
    const attempts = [sampleAttempt({ outcome: 'quarantined', error: 'refused', remedy: 'Wait.' })];
    expect(deliveryAccountOf(delivery({ state: 'retrying', attempts }), about)).toMatchObject({
      says: 'In quarantine: refused.',
      remedy: 'Wait.',
    });
  });

  it('has the exact remedy of the push service’s words where a key or a setting is wrong', () => {
    const attempts = [sampleAttempt({ error: 'another key', remedy: 'Bring the key back.' })];
    const remedyOf = (of: typeof attempts) =>
      deliveryAccountOf(delivery({ state: 'failed', reason: 'misconfigured', attempts: of }), about).remedy;
    expect([remedyOf(attempts), remedyOf([])]).toEqual(['Bring the key back.', 'Mend the settings, then replay it.']);
  });

  it('knows that a device has come back', () => {
    const ended = delivery({ state: 'pruned', reason: 'subscription_gone' });
    const retired = { reason: 'gone', atMs: NOW_MS, deliveryId: null } as const;
    const gone = deliveryAccountOf(ended, { ...about, subscription: { ...subscription, retired } });
    expect(gone.remedy).toContain('registers again on its next visit');
    expect(deliveryAccountOf(ended, about).remedy).toContain('is active again');
  });
});
