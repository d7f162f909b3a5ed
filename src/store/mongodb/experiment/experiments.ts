import { experimentDecided } from '../../../domain/event/event-drafts.ts';
import { type ExperimentUse, experimentUse, readTerms } from '../../../domain/experiment/terms.ts';
import type { Notification } from '../../../domain/notification/notification.ts';
import { decodePlace, encodePlace, LAST_ID, toPage } from '../../cursor.ts';
import type { Decided, Deciding, ExperimentStore, KeptExperiment } from '../../experiment-store.ts';
import { encodeText } from '../../stored-text.ts';
import type { Collections } from '../collections/collections.ts';
import {
  EXPERIMENT_BY_KEY,
  EXPERIMENTS_LISTED,
  type ExperimentDocument,
  MARK_COUNTS,
  MARKS_OF_USER,
} from '../collections/experiment-queries.ts';
import { optionsOf } from '../collections/named-query.ts';
import { toNotification } from '../collections/notification-document.ts';
import { NOTIFICATION_BY_ID } from '../collections/notification-queries.ts';
import { outboxOf } from '../event/outbox.ts';
import { duplicateField } from '../server/mongo-error.ts';
import type { Operations } from '../server/operations.ts';
import { countExperiment, countWithin, openExperimentCounter, toMark } from './marks.ts';

export function mongoExperiments(collections: Collections, operations: Operations): ExperimentStore {
  openExperimentCounter(collections, operations);
  return {
    get: (key) => operations.run(() => read(collections, key)),
    list: (page) => operations.run(() => list(collections, page)),
    // A decision waits until all is counted.
    counts: (key) => operations.runLong(() => countExperiment(collections, key)),
    countsWithin: (key, patienceMs) => operations.run(() => countWithin(collections, key, patienceMs)),
    decide: (deciding) => operations.run(() => decide(collections, deciding)),
    ofUser: (userId) =>
      operations.run(async () => {
        const marks = collections.experiment_marks;
        const found = marks.find(MARKS_OF_USER.filter(encodeText(userId)), optionsOf(MARKS_OF_USER));
        return (await found.toArray()).map(toMark);
      }),
  };
}

function toExperiment({ terms, decided, ...rest }: ExperimentDocument): KeptExperiment {
  const { notificationId, createdAtMs, usedUntilMs } = rest;
  return { terms: readTerms(terms), notificationId, createdAtMs, usedUntilMs, decided: decided ?? null };
}

async function find({ experiments }: Collections, key: string): Promise<ExperimentDocument | null> {
  return experiments.findOne(EXPERIMENT_BY_KEY.filter(key), optionsOf(EXPERIMENT_BY_KEY));
}

async function read(collections: Collections, key: string): Promise<KeptExperiment | null> {
  const found = await find(collections, key);
  return found === null ? null : toExperiment(await withDecision(collections, found));
}

/** The notification’s document has it first: a process that died may have left it there alone. */
async function withDecision(
  { notifications }: Collections,
  experiment: ExperimentDocument,
): Promise<ExperimentDocument> {
  const { notificationId, decided } = experiment;
  if (notificationId === null || decided !== undefined) return experiment;
  const found = await notifications.findOne(NOTIFICATION_BY_ID.filter(notificationId), optionsOf(NOTIFICATION_BY_ID));
  return found?.decided === undefined ? experiment : { ...experiment, decided: found.decided };
}

async function list(collections: Collections, { cursor, limit }: Parameters<ExperimentStore['list']>[0]) {
  const { atMs, id: key } = cursor === null ? { atMs: Number.MAX_SAFE_INTEGER, id: LAST_ID } : decodePlace(cursor);
  const options = { ...optionsOf(EXPERIMENTS_LISTED), limit: limit + 1 };
  const kept = await collections.experiments.find(EXPERIMENTS_LISTED.filter({ atMs, key }), options).toArray();
  const found = await Promise.all(kept.map((one) => withDecision(collections, one)));
  return toPage(found, limit, toExperiment, ({ terms, createdAtMs }) =>
    encodePlace({ atMs: createdAtMs, id: terms.key }),
  );
}

/** In the notification’s own document, with its event; the experiment’s says it, too, from then on, or once somebody asks again. */
async function decide(
  collections: Collections,
  { experimentKey, notificationId, waveAtMs, outcome }: Deciding,
): Promise<Decided | null> {
  const { notifications, experiments } = collections;
  const { modifiedCount } = await notifications.updateOne(
    { _id: notificationId, dueAtMs: waveAtMs, decided: { $exists: false }, cancelledAtMs: { $exists: false } },
    {
      $set: { decided: outcome },
      ...outboxOf(collections).pushing([experimentDecided(experimentKey, notificationId, outcome)]),
    },
  );
  const found = await notifications.findOne(NOTIFICATION_BY_ID.filter(notificationId), optionsOf(NOTIFICATION_BY_ID));
  const notification = found === null ? null : toNotification(found);
  if (notification?.decided === undefined) return null;
  await experiments.updateOne({ _id: experimentKey, notificationId }, { $set: { decided: notification.decided } });
  const isHere = notification.dueAtMs === waveAtMs && notification.cancelledAtMs === null;
  return isHere || modifiedCount > 0 ? { outcome: notification.decided, isNew: modifiedCount > 0 } : null;
}

/** So long after it was taken, an experiment whose notification is not there is free: its call died on the way. */
const TAKEN_FOR_MS = 60_000;

/**
 * Keeps the experiment of a notification, if it has one, before the notification: a process that dies in between leaves one that nothing
 * uses, which the same call finds as its own. False: the notification may not use it.
 */
export async function useExperiment(collections: Collections, notification: Notification): Promise<boolean> {
  const use = experimentUse(notification);
  if (use === null) return true;
  const { experiments } = collections;
  const { key: _id, terms, notificationId, atMs, untilMs } = use;
  try {
    await experiments.updateOne(
      { _id, terms, notificationId },
      { $max: { usedUntilMs: untilMs }, $setOnInsert: { createdAtMs: atMs } },
      { upsert: true },
    );
    return true;
  } catch (error) {
    if (duplicateField(error) === null) throw error;
    return takeOver(collections, use);
  }
}

/** Of a call that never came to its notification. */
async function takeOver(collections: Collections, use: ExperimentUse): Promise<boolean> {
  const { key: _id, terms, notificationId, atMs, untilMs } = use;
  const found = await find(collections, _id);
  if (found === null) return false;
  const { notificationId: takenBy, createdAtMs } = found;
  if (takenBy === null || createdAtMs > atMs - TAKEN_FOR_MS) return false;
  const [notification, counts] = await Promise.all([
    collections.notifications.findOne(NOTIFICATION_BY_ID.filter(takenBy), optionsOf(NOTIFICATION_BY_ID)),
    collections.experiment_counts.findOne(MARK_COUNTS.filter(_id), optionsOf(MARK_COUNTS)),
  ]);
  if (notification !== null || counts !== null) return false;
  const own = { terms, notificationId, createdAtMs: atMs, usedUntilMs: untilMs };
  const here = { _id, notificationId: takenBy, createdAtMs };
  return (await collections.experiments.updateOne(here, { $set: own })).matchedCount > 0;
}
