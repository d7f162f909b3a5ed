import { scheduleMissed } from '../../../domain/event/event-drafts.ts';
import { isOccurrenceId, occurrenceIdOf } from '../../../domain/ids.ts';
import type { Occurrence } from '../../../domain/schedule/occurrence.ts';
import { decodeId, LAST_ID, toPage } from '../../cursor.ts';
import type { Acceptance, AcceptResult } from '../../notification-store.ts';
import type { Page } from '../../page.ts';
import type { OccurrenceCommit, OccurrenceQuery, OccurrenceResult } from '../../schedule-store.ts';
import type { Collections } from '../collections/collections.ts';
import { instant } from '../collections/instant.ts';
import { optionsOf } from '../collections/named-query.ts';
import { OCCURRENCES_LISTED } from '../collections/schedule-queries.ts';
import { outboxOf } from '../event/outbox.ts';
import { accept } from '../notification/acceptance.ts';

/**
 * That a moment is under way, its notification, what came of it, and last the schedule. A process that dies in between leaves a
 * schedule that is due as before: whoever is next finds the moment under way, and whether its notification is there.
 */
export async function commitOccurrence(collections: Collections, step: OccurrenceCommit): Promise<OccurrenceResult> {
  const { schedule, made, acceptance, occurrences, nextAtMs, lastAtMs } = step;
  const { schedules } = collections;
  const here = { _id: schedule.key, id: schedule.id };
  let { version } = schedule;
  if (made !== null && acceptance !== null) {
    const begun = await schedules.updateOne({ ...here, version }, { $set: { underWay: made }, $inc: { version: 1 } });
    if (begun.matchedCount === 0) return { kind: 'lost' };
    version += 1;
  }
  const accepted = acceptance === null ? null : await accept(collections, { ...acceptance, idempotency: null });
  // Another use of the experiment came between: whoever looks again is told why.
  if (accepted?.kind === 'experiment_used') {
    await schedules.updateOne({ ...here, version }, { $set: { underWay: null }, $inc: { version: 1 } });
    return { kind: 'lost' };
  }
  await keepOccurrences(collections, occurrences);
  const latest = occurrences.at(-1);
  const moved = await schedules.updateOne(
    { ...here, version },
    {
      $set: { nextAtMs, lastAtMs, underWay: null, ...(latest !== undefined && { latest: JSON.stringify(latest) }) },
      $inc: { version: 1 },
      ...outboxOf(collections).pushing(occurrences.map((one) => scheduleMissed(schedule.key, one))),
    },
  );
  // Whoever moved it on in the meantime found the notification, or made the very same.
  if (moved.matchedCount === 0) return { kind: 'lost' };
  return { kind: 'kept', accepted: accepted?.kind === 'accepted' ? accepted : null };
}

/** The notification first: one that is there and not on the list is better than one that is on the list alone. */
export async function trigger(
  collections: Collections,
  acceptance: Acceptance,
  occurrence: Occurrence,
  key: string,
): Promise<AcceptResult> {
  const result = await accept(collections, acceptance);
  if (result.kind === 'key_reused' || result.kind === 'experiment_used') return result;
  // A repeated call also finishes what the first one left, should that have died on the way.
  const { id: notificationId, acceptedAtMs } =
    result.kind === 'repeated' ? result.notification : acceptance.notification;
  const kept = { ...occurrence, id: occurrenceIdOf(notificationId), notificationId, atMs: acceptedAtMs };
  await keepOccurrences(collections, [kept]);
  if (result.kind === 'repeated') return result;
  const latest = { $set: { latest: JSON.stringify(kept) } };
  await collections.schedules.updateOne({ _id: key, id: occurrence.scheduleId }, latest);
  return result;
}

export async function listOccurrences(
  { occurrences }: Collections,
  { scheduleId, cursor, limit }: OccurrenceQuery,
): Promise<Page<Occurrence>> {
  const before = decodeId(cursor, isOccurrenceId) ?? LAST_ID;
  const options = { ...optionsOf(OCCURRENCES_LISTED), limit: limit + 1 };
  const found = await occurrences.find(OCCURRENCES_LISTED.filter({ scheduleId, before }), options).toArray();
  return toPage(
    found,
    limit,
    ({ occurrence }) => JSON.parse(occurrence) as Occurrence,
    ({ id }) => id,
  );
}

async function keepOccurrences({ occurrences }: Collections, made: readonly Occurrence[]): Promise<void> {
  for (const occurrence of made) {
    const { id: _id, scheduleId, recordedAtMs } = occurrence;
    const kept = { scheduleId, recordedAt: instant(recordedAtMs), occurrence: JSON.stringify(occurrence) };
    await occurrences.replaceOne({ _id }, kept, { upsert: true });
  }
}
