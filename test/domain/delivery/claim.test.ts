import { describe, expect, it } from 'vitest';
import { claimedFields, grantClaims } from '../../../src/domain/delivery/claim.ts';
import { DELIVERY_STATES, type DeliveryState } from '../../../src/domain/delivery/delivery.ts';

const claim = (deliveryId: string, attempt: number) => ({ deliveryId, attempt, nowMs: 5, leaseUntilMs: 9 });
const found = (state: DeliveryState, attemptCount = 0) => new Map([['dlv_1', { state, attemptCount }]]);

describe('grantClaims', () => {
  it.each(DELIVERY_STATES)('grants one that is %s only where it waits', (state) => {
    const isGranted = grantClaims([claim('dlv_1', 1)], found(state))[0] !== null;
    expect(isGranted).toBe(state === 'pending' || state === 'retrying');
  });

  it.each([
    [0, 1, true],
    [3, 4, true],
    [3, 3, false],
    [3, 5, false],
  ])('after %i attempts, a claim of attempt %i: %s', (attemptCount, attempt, isGranted) => {
    expect(grantClaims([claim('dlv_1', attempt)], found('retrying', attemptCount))[0] !== null).toBe(isGranted);
  });

  it('grants one delivery to the first that claims it rightly, and answers in the order of the claims', () => {
    const both = new Map([...found('pending'), ['dlv_2', { state: 'pending', attemptCount: 0 }] as const]);
    const claims = [claim('dlv_0', 1), claim('dlv_1', 2), claim('dlv_1', 1), claim('dlv_1', 1), claim('dlv_2', 1)];
    expect(grantClaims(claims, both)).toEqual([null, null, both.get('dlv_1'), null, both.get('dlv_2')]);
  });
});

it('a claim that is granted writes the attempt it begins and the end of its lease', () => {
  expect(claimedFields(claim('dlv_1', 3))).toEqual({ state: 'sending', attemptCount: 3, claimedAtMs: 5, dueAtMs: 9 });
});
