import type { Collections } from '../../../../src/store/mongodb/collections/collections.ts';
import { NOW_MS } from '../../../support/samples.ts';

/** What each query about tallies is asked for, but for those about one notification. */
export const TALLY_QUESTIONS: Readonly<Record<string, unknown>> = {
  'most overdue': { priority: 'normal', nowMs: NOW_MS * 2 },
  tallies: null,
  rollups: { span: 'minute', fromMs: NOW_MS, untilMs: NOW_MS + 500 },
  'expired rollups': new Date(NOW_MS + 20),
  'ended by state': null,
  'open by state': null,
  'active by push service': null,
};

export async function fillRollups(collections: Collections): Promise<void> {
  await collections.rollups.insertMany(
    Array.from({ length: 1000 }, (_, index) => ({
      _id: `minute ${index}`,
      span: 'minute',
      atMs: NOW_MS + index,
      counts: { 'fcm delivered delivered': 1 },
      latencyMs: {},
      expiresAt: new Date(NOW_MS + index),
    })),
  );
}

/** Deleting what was asked for takes all of it, not a page. */
export const UNLIMITED: ReadonlySet<string> = new Set([
  'states of a notification',
  'ended of a notification',
  'ended by state',
  'open by state',
  'active by push service',
]);
