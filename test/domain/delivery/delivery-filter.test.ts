import { describe, expect, it } from 'vitest';
import { ANY_DELIVERY, isAskedFor, isUnfiltered } from '../../../src/domain/delivery/delivery-filter.ts';
import {
  NOW_MS,
  sampleAttempt,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../../support/samples.ts';

const failed = sampleDelivery(sampleNotification(), sampleSubscription(), {
  origin: 'https://db5p.notify.windows.com',
  state: 'failed',
  reason: 'rejected',
  attempts: [
    sampleAttempt({ outcome: 'retryable', startedAtMs: NOW_MS }),
    sampleAttempt({ outcome: 'rejected', startedAtMs: NOW_MS + 10 }),
  ],
});
const whenever = { fromMs: null, untilMs: null };

describe('what is asked for of deliveries', () => {
  it.each([
    [{}, true],
    [{ state: 'failed' }, true],
    [{ state: 'expired' }, false],
    [{ reason: 'rejected', state: 'failed' }, true],
    [{ reason: 'misconfigured', state: 'failed' }, false],
    [{ service: 'wns' }, true],
    [{ service: 'fcm' }, false],
    [{ service: 'other' }, false],
    [{ service: 'https://db5p.notify.windows.com' }, true],
    [{ service: 'https://notify.windows.com' }, false],
    [{ attempt: { outcome: 'retryable', ...whenever } }, true],
    [{ attempt: { outcome: 'gone', ...whenever } }, false],
    [{ attempt: { outcome: null, fromMs: NOW_MS + 10, untilMs: null } }, true],
    [{ attempt: { outcome: null, fromMs: null, untilMs: NOW_MS } }, false],
    // Of one attempt, not each of another.
    [{ attempt: { outcome: 'retryable', fromMs: NOW_MS + 1, untilMs: null } }, false],
    [{ service: 'wns', state: 'failed', reason: 'misconfigured' }, false],
  ] as const)('%j fits: %s', (asked, isFitting) => {
    expect(isAskedFor({ ...ANY_DELIVERY, ...asked }, failed)).toBe(isFitting);
    expect(isUnfiltered({ ...ANY_DELIVERY, ...asked })).toBe(Object.keys(asked).length === 0);
  });

  it('counts deliveries made before origins were kept as another service’s', () => {
    const old = { ...failed, origin: '' };
    expect(isAskedFor({ ...ANY_DELIVERY, service: 'other' }, old)).toBe(true);
    expect(isAskedFor({ ...ANY_DELIVERY, service: 'wns' }, old)).toBe(false);
  });
});
