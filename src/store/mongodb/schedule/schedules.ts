import type { Schedule } from '../../../domain/schedule/schedule.ts';
import { decodeName, encodeName, toPage } from '../../cursor.ts';
import type { ScheduleStore } from '../../schedule-store.ts';
import { readSchedule, storedSchedule } from '../../stored-schedule.ts';
import type { Collections } from '../collections/collections.ts';
import { optionsOf } from '../collections/named-query.ts';
import {
  SCHEDULE_BY_KEY,
  SCHEDULES_DUE,
  SCHEDULES_LISTED,
  type ScheduleDocument,
} from '../collections/schedule-queries.ts';
import { numberCarried } from '../event/events.ts';
import { duplicateField } from '../server/mongo-error.ts';
import type { Operations } from '../server/operations.ts';
import { commitOccurrence, listOccurrences, trigger } from './occurrences.ts';

export function mongoSchedules(collections: Collections, operations: Operations): ScheduleStore {
  return {
    get: (key) => operations.run(() => get(collections, key)),
    list: (page) => operations.run(() => list(collections, page)),
    put: (schedule) => operations.run(() => put(collections, schedule)),
    delete: (key, only) => operations.run(() => remove(collections, key, only)),
    due: (untilMs, limit) => operations.run(() => due(collections, untilMs, limit)),
    nextDueMs: () =>
      operations.run(async () => (await due(collections, Number.MAX_SAFE_INTEGER, 1))[0]?.nextAtMs ?? null),
    commit: (commit) => operations.run(() => commitOccurrence(collections, commit)),
    trigger: (acceptance, occurrence, key) => operations.run(() => trigger(collections, acceptance, occurrence, key)),
    occurrences: (query) => operations.run(() => listOccurrences(collections, query)),
  };
}

async function get({ schedules }: Collections, key: string): Promise<Schedule | null> {
  const document = await schedules.findOne(SCHEDULE_BY_KEY.filter(key), optionsOf(SCHEDULE_BY_KEY));
  return document === null ? null : toSchedule(document);
}

/** What it has yet to announce is announced first; what another process announces at this very moment, right afterwards. */
async function remove(
  collections: Collections,
  key: string,
  only?: Pick<Schedule, 'id' | 'version'>,
): Promise<boolean> {
  const { schedules } = collections;
  const found = await schedules.findOne(SCHEDULE_BY_KEY.filter(key), optionsOf(SCHEDULE_BY_KEY));
  if (found === null) return false;
  await numberCarried(collections, [found]);
  const seen = only === undefined ? {} : { id: only.id, version: only.version };
  const deleted = await schedules.findOneAndDelete({ _id: key, ...seen });
  if (deleted !== null) await numberCarried(collections, [deleted]);
  return deleted !== null;
}

async function list({ schedules }: Collections, { cursor, limit }: Parameters<ScheduleStore['list']>[0]) {
  const options = { ...optionsOf(SCHEDULES_LISTED), limit: limit + 1 };
  const found = await schedules.find(SCHEDULES_LISTED.filter(decodeName(cursor)), options).toArray();
  return toPage(found, limit, toSchedule, ({ key }) => encodeName(key));
}

/**
 * A put whose answer was lost, and that the driver tries again, finds its own version and loses; whoever called reads the schedule
 * and finds it as it was meant.
 */
async function put({ schedules }: Collections, schedule: Schedule): Promise<boolean> {
  const { key: _id, version, ...rest } = storedSchedule({ ...schedule, underWay: null });
  const document = { ...rest, version: version + 1 };
  if (version > 0) {
    // Every field but the outbox, which goes on as it is.
    return (await schedules.updateOne({ _id, id: schedule.id, version }, { $set: document })).matchedCount > 0;
  }
  try {
    await schedules.insertOne({ _id, ...document });
    return true;
  } catch (error) {
    if (duplicateField(error) === null) throw error;
    return false;
  }
}

async function due({ schedules }: Collections, untilMs: number, limit: number): Promise<readonly Schedule[]> {
  const found = await schedules.find(SCHEDULES_DUE.filter(untilMs), { ...optionsOf(SCHEDULES_DUE), limit }).toArray();
  return found.map(toSchedule);
}

function toSchedule({ _id: key, outbox: _, ...rest }: ScheduleDocument): Schedule {
  return readSchedule({ key, ...rest });
}
