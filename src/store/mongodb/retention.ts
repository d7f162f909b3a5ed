import { FINAL_STATES } from '../../domain/delivery/delivery.ts';
import type { RetentionStore } from '../retention-store.ts';
import { BULK_ACTIONS_BEFORE } from './collections/bulk-action-queries.ts';
import { EXPIRED_CAP_USES } from './collections/cap-queries.ts';
import type { Collections } from './collections/collections.ts';
import { EXPERIMENTS_UNUSED, MARK_COUNTS, MARKS_OF_EXPERIMENT } from './collections/experiment-queries.ts';
import { instant } from './collections/instant.ts';
import { optionsOf } from './collections/named-query.ts';
import { CANCELLED_BEFORE, COMPLETED_BEFORE, OPEN_PAST_DEADLINE } from './collections/notification-queries.ts';
import { EXPIRED_VALUES } from './collections/recipient-value-queries.ts';
import { OCCURRENCES_BEFORE } from './collections/schedule-queries.ts';
import { EXPIRED_KEYS, EXPIRED_LINKS, EXPIRED_NONCES, EXPIRED_SESSIONS } from './collections/short-lived-queries.ts';
import { RETIRED_BEFORE } from './collections/subscription-queries.ts';
import { SUPPRESSIONS_OF_NOTIFICATION } from './collections/suppression-queries.ts';
import { ENDED_OF_NOTIFICATION, EXPIRED_ROLLUPS } from './collections/tally-queries.ts';
import { completeIfFinal } from './notification/completion.ts';
import { deleteReceipts } from './receipt/receipts.ts';
import type { Operations } from './server/operations.ts';
import { bookOf } from './tally/ledger.ts';
import { deleteTexts } from './template/deleted-texts.ts';

/** Enough for what a crash can leave behind; the rest waits for the next time. */
const MENDED_AT_ONCE = 500;

export function mongoRetention(collections: Collections, operations: Operations): RetentionStore {
  return {
    sweep: (nowMs) => operations.runLong(() => sweep(collections, nowMs)),
    forget: (beforeMs, limit) => operations.runLong(() => forget(collections, beforeMs, limit)),
  };
}

/** Also completes what a process that died left open though every delivery of it is final. */
async function sweep(collections: Collections, nowMs: number): Promise<number> {
  const { notifications, idempotency_keys: keys, nonces, cap_uses: caps } = collections;
  const until = instant(nowMs);
  const options = { ...optionsOf(OPEN_PAST_DEADLINE), limit: MENDED_AT_ONCE };
  const open = await notifications.find(OPEN_PAST_DEADLINE.filter(nowMs), options).toArray();
  for (const { _id } of open) await completeIfFinal(collections, _id);
  const sweptKeys = await keys.deleteMany(EXPIRED_KEYS.filter(until), optionsOf(EXPIRED_KEYS));
  const sweptNonces = await nonces.deleteMany(EXPIRED_NONCES.filter(until), optionsOf(EXPIRED_NONCES));
  const sweptLinks = await collections.sign_in_links.deleteMany(EXPIRED_LINKS.filter(until), optionsOf(EXPIRED_LINKS));
  const sweptSessions = await collections.operator_sessions.deleteMany(
    EXPIRED_SESSIONS.filter(until),
    optionsOf(EXPIRED_SESSIONS),
  );
  await collections.recipient_values.deleteMany(EXPIRED_VALUES.filter(until), optionsOf(EXPIRED_VALUES));
  const sweptCaps = await caps.deleteMany(EXPIRED_CAP_USES.filter(until), optionsOf(EXPIRED_CAP_USES));
  await collections.rollups.deleteMany(EXPIRED_ROLLUPS.filter(until), optionsOf(EXPIRED_ROLLUPS));
  return [sweptKeys, sweptNonces, sweptLinks, sweptSessions, sweptCaps].reduce(
    (sum, each) => sum + each.deletedCount,
    0,
  );
}

/**
 * The TTL indexes delete by themselves; this does it in the right order, a notification after its
 * deliveries and suppressions, and by the caller's clock.
 */
async function forget(collections: Collections, beforeMs: number, limit: number): Promise<number> {
  const { subscriptions, notifications, deliveries, suppressions, occurrences } = collections;
  const until = instant(beforeMs);
  await subscriptions.deleteMany(RETIRED_BEFORE.filter(until), optionsOf(RETIRED_BEFORE));
  await occurrences.deleteMany(OCCURRENCES_BEFORE.filter(until), optionsOf(OCCURRENCES_BEFORE));
  await collections.bulk_actions.deleteMany(BULK_ACTIONS_BEFORE.filter(until), optionsOf(BULK_ACTIONS_BEFORE));
  const found = await Promise.all(
    [COMPLETED_BEFORE, CANCELLED_BEFORE].map((query) =>
      notifications.find(query.filter(until), { ...optionsOf(query), limit }).toArray(),
    ),
  );
  let forgotten = 0;
  for (const { _id } of found.flat()) {
    // Ended ones only: one that a replay has just reopened keeps its notification from being deleted, too.
    for (const state of FINAL_STATES) {
      const filter = ENDED_OF_NOTIFICATION.filter({ notificationId: _id, state });
      const { deletedCount } = await deliveries.deleteMany(filter, optionsOf(ENDED_OF_NOTIFICATION));
      bookOf(collections).add(`ended ${state}`, -deletedCount);
    }
    await suppressions.deleteMany({ notificationId: _id }, { hint: optionsOf(SUPPRESSIONS_OF_NOTIFICATION).hint });
    await deleteReceipts(collections, _id);
    const ended = { $in: ['completed', 'cancelled'] as const };
    forgotten += (await notifications.deleteOne({ _id, status: ended })).deletedCount;
  }
  if (forgotten < limit) await forgetExperiments(collections, beforeMs, limit);
  // Once all is gone that has had its time: few notifications are left then that can name a text.
  if (forgotten < limit) await deleteTexts(collections, beforeMs);
  return forgotten;
}

/** After the notifications that used them; what takes part in one goes before it. */
async function forgetExperiments(collections: Collections, beforeMs: number, limit: number): Promise<void> {
  const { experiments, experiment_marks: marks, experiment_counts: counts } = collections;
  const options = { ...optionsOf(EXPERIMENTS_UNUSED), limit };
  for (const { _id } of await experiments.find(EXPERIMENTS_UNUSED.filter(beforeMs), options).toArray()) {
    await marks.deleteMany(MARKS_OF_EXPERIMENT.filter(_id), { hint: optionsOf(MARKS_OF_EXPERIMENT).hint });
    const { deletedCount } = await experiments.deleteOne({ _id, usedUntilMs: { $lt: beforeMs } });
    if (deletedCount > 0) await counts.deleteOne(MARK_COUNTS.filter(_id));
  }
}
