import { expect, it } from 'vitest';
import { changedFields, type SubscriptionChange } from '../../../src/domain/subscription/subscription-change.ts';

const quarantine = { sinceMs: 1, untilMs: 2 };
const of = { subscriptionId: 'sub_1', notUpdatedSinceMs: 5 };

const CHANGES: readonly [change: SubscriptionChange, fields: object][] = [
  [
    { ...of, kind: 'retire', reason: 'gone', atMs: 9, deliveryId: 'dlv_1' },
    { retired: { reason: 'gone', atMs: 9, deliveryId: 'dlv_1' }, quarantine: null, suspectedByHoldId: null },
  ],
  [{ ...of, kind: 'quarantine', quarantine }, { quarantine }],
  [{ ...of, kind: 'suspect', holdId: 'hld_1' }, { suspectedByHoldId: 'hld_1' }],
  [
    { ...of, kind: 'clear' },
    { quarantine: null, suspectedByHoldId: null },
  ],
];

it.each(CHANGES)('%o writes these fields alone', (change, fields) => {
  expect(changedFields(change)).toEqual(fields);
});
