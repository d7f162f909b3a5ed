import { describe, expect, it } from 'vitest';
import { claimedFields, grantClaims } from '../../../src/domain/delivery/claim.ts';
import { DELIVERY_STATES, type DeliveryState } from '../../../src/domain/delivery/delivery.ts';

const claim = (deliveryId: string, attempt: number) => ({ deliveryId, attempt, nowMs: 5, leaseUntilMs: 9 });
const delivery = (state: DeliveryState, attemptCount = 0, subscriptionId = 'sub_1', deadlineAtMs = 100) => ({
  state,
  attemptCount,
  subscriptionId,
  deadlineAtMs,
});
const found = (state: DeliveryState, attemptCount = 0) => new Map([['dlv_1', delivery(state, attemptCount)]]);
const NONE = new Map<string, number>();

describe('grantClaims', () => {
  it.each(DELIVERY_STATES)('grants one that is %s only where it waits', (state) => {
    const isGranted = grantClaims([claim('dlv_1', 1)], found(state), NONE)[0] !== null;
    expect(isGranted).toBe(state === 'pending' || state === 'held' || state === 'retrying');
  });

  it.each([
    [0, 1, true],
    [3, 4, true],
    [3, 3, false],
    [3, 5, false],
  ])('after %i attempts, a claim of attempt %i: %s', (attemptCount, attempt, isGranted) => {
    expect(grantClaims([claim('dlv_1', attempt)], found('retrying', attemptCount), NONE)[0] !== null).toBe(isGranted);
  });

  it('grants one delivery to the first that claims it rightly, and answers in the order of the claims', () => {
    const both = new Map([...found('pending'), ['dlv_2', delivery('pending', 0, 'sub_2')] as const]);
    const claims = [claim('dlv_0', 1), claim('dlv_1', 2), claim('dlv_1', 1), claim('dlv_1', 1), claim('dlv_2', 1)];
    expect(grantClaims(claims, both, NONE)).toEqual([null, null, both.get('dlv_1'), null, both.get('dlv_2')]);
  });

  it('grants one delivery of a subscription, and none while a lease of another lasts', () => {
    const both = new Map([...found('pending'), ['dlv_2', delivery('pending')] as const]);
    const claims = [claim('dlv_1', 1), claim('dlv_2', 1)];
    expect(grantClaims(claims, both, NONE)).toEqual([both.get('dlv_1'), 'busy']);
    expect(grantClaims(claims, both, new Map([['sub_1', 6]]))).toEqual(['busy', 'busy']);
    expect(grantClaims(claims, both, new Map([['sub_1', 5]]))).toEqual([both.get('dlv_1'), 'busy']);
    expect(grantClaims(claims, both, new Map([['sub_2', 6]]))).toEqual([both.get('dlv_1'), 'busy']);
    // One that is sent already is none to wait for another.
    expect(grantClaims(claims, found('sending', 1), new Map([['sub_1', 6]]))).toEqual([null, null]);
  });

  it('has one that is past its deadline wait for none, because it ends unsent', () => {
    const late = new Map([['dlv_1', delivery('retrying', 0, 'sub_1', 5)]]);
    expect(grantClaims([claim('dlv_1', 1)], late, new Map([['sub_1', 6]]))).toEqual([late.get('dlv_1')]);
  });
});

it('a claim that is granted writes the attempt it begins and the end of its lease', () => {
  expect(claimedFields(claim('dlv_1', 3))).toEqual({ state: 'sending', attemptCount: 3, claimedAtMs: 5, dueAtMs: 9 });
});
