import { describe, expect, it } from 'vitest';
import { appendAttempt, type Delivery, MAX_ATTEMPTS_KEPT, timelineOf } from '../../../src/domain/delivery/delivery.ts';
import {
  NOW_MS,
  sampleAttempt,
  sampleDelivery,
  sampleNotification,
  sampleSubscription,
} from '../../support/samples.ts';

function delivery(overrides: Partial<Delivery>): Delivery {
  const notification = sampleNotification({ acceptedAtMs: NOW_MS });
  return sampleDelivery(notification, sampleSubscription(), { createdAtMs: NOW_MS, ...overrides });
}

const at = (startedAtMs: number, endedAtMs: number, retryAtMs: number | null) =>
  sampleAttempt({ startedAtMs: NOW_MS + startedAtMs, endedAtMs: NOW_MS + endedAtMs, retryAtMs });

const told = (subject: Delivery): string =>
  timelineOf(subject)
    .map(({ state, atMs }) => `${state} ${atMs - NOW_MS}`)
    .join(', ');

describe('timelineOf', () => {
  it('tells a delivery that waits, one under way, and one that ended', () => {
    expect(told(delivery({}))).toBe('pending 0');
    expect(told(delivery({ state: 'sending', claimedAtMs: NOW_MS + 1 }))).toBe('pending 0, sending 1');
    const attempts = [at(1, 2, NOW_MS + 5), at(5, 6, null)];
    const ended = delivery({ state: 'delivered', attempts, attemptCount: 2, endedAtMs: NOW_MS + 6 });
    expect(told(ended)).toBe('pending 0, sending 1, retrying 2, sending 5, delivered 6');
  });

  it('tells one that ended unsent', () => {
    expect(told(delivery({ state: 'expired', endedAtMs: NOW_MS + 9 }))).toBe('pending 0, expired 9');
  });

  it('tells replays in their places, also when everything happened in the same millisecond', () => {
    const replays = [
      { from: 'failed', afterAttempt: 1, endedAtMs: NOW_MS, atMs: NOW_MS },
      { from: 'expired', afterAttempt: 1, endedAtMs: NOW_MS, atMs: NOW_MS },
    ] as const;
    const attempts = [
      { ...at(0, 0, null), number: 1 },
      { ...at(0, 0, null), number: 2 },
    ];
    const ended = delivery({ state: 'delivered', attempts, replays, attemptCount: 2, endedAtMs: NOW_MS });
    expect(told(ended)).toBe('pending 0, sending 0, failed 0, pending 0, expired 0, pending 0, sending 0, delivered 0');
  });
});

describe('appendAttempt', () => {
  it('keeps the newest, so that a document never grows without bound', () => {
    let attempts: Delivery['attempts'] = [];
    for (let number = 1; number <= MAX_ATTEMPTS_KEPT + 3; number += 1) {
      attempts = appendAttempt(attempts, sampleAttempt({ number }));
    }
    expect(attempts).toHaveLength(MAX_ATTEMPTS_KEPT);
    expect(attempts.at(0)?.number).toBe(4);
    expect(attempts.at(-1)?.number).toBe(MAX_ATTEMPTS_KEPT + 3);
  });
});
