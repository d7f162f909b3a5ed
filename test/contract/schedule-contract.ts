import { expect, it } from 'vitest';
import { occurrenceIdOf, scheduleId } from '../../src/domain/ids.ts';
import { idsOfMoment, type Occurrence } from '../../src/domain/schedule/occurrence.ts';
import type { Schedule } from '../../src/domain/schedule/schedule.ts';
import type { OccurrenceCommit } from '../../src/store/schedule-store.ts';
import { NOW_MS, sampleAcceptance, sampleNotification } from '../support/samples.ts';
import { everyPage, freshStore, type OpenStore } from './fresh-store.ts';

const MINUTE_MS = 60_000;

export function sampleSchedule(overrides: Partial<Schedule> = {}): Schedule {
  return {
    key: 'morning',
    id: scheduleId(NOW_MS, Math.random),
    cron: '* * * * *',
    timeZone: 'Europe/Berlin',
    startsAtMs: null,
    endsAtMs: null,
    notification: { type: 't', title: 'x', user_ids: ['ada'], data: { $odd: { 'a.b': null } } },
    catchUpSeconds: 60,
    isPaused: false,
    nextAtMs: NOW_MS + MINUTE_MS,
    lastAtMs: null,
    latest: null,
    underWay: null,
    createdAtMs: NOW_MS,
    updatedAtMs: NOW_MS,
    version: 0,
    ...overrides,
  };
}

/** What comes of the moment at which a schedule is due: it is sent. */
export function sampleCommit(schedule: Schedule, overrides: Partial<OccurrenceCommit> = {}): OccurrenceCommit {
  const atMs = schedule.nextAtMs ?? NOW_MS;
  const made = { atMs, wallMs: atMs, shift: null };
  const { occurrenceId: id, notificationId } = idsOfMoment(schedule, made);
  return {
    schedule,
    made,
    acceptance: sampleAcceptance(sampleNotification({ id: notificationId, acceptedAtMs: atMs }), ['ada']),
    occurrences: [sampleOccurrence(schedule, { id, atMs, notificationId })],
    nextAtMs: atMs + MINUTE_MS,
    lastAtMs: atMs,
    ...overrides,
  };
}

function sampleOccurrence(schedule: Schedule, overrides: Partial<Occurrence> = {}): Occurrence {
  return {
    id: idsOfMoment(schedule, { wallMs: NOW_MS, atMs: NOW_MS }).occurrenceId,
    scheduleId: schedule.id,
    atMs: NOW_MS,
    wallMs: NOW_MS,
    status: 'sent',
    trigger: 'time',
    notificationId: null,
    code: null,
    detail: null,
    missed: null,
    recordedAtMs: NOW_MS,
    ...overrides,
  };
}

/** Schedules, and what comes of them. */
export function scheduleContract(open: OpenStore): void {
  const fresh = freshStore(open);
  const kept = async (overrides: Partial<Schedule> = {}): Promise<Schedule> => {
    const schedule = sampleSchedule(overrides);
    expect(await fresh.store.schedules.put(schedule)).toBe(true);
    return (await fresh.store.schedules.get(schedule.key))!;
  };

  it('keeps one for each key, in place of the version that was seen', async () => {
    const { schedules } = fresh.store;
    const first = await kept();
    expect(first).toEqual({ ...first, version: 1 });
    expect(await schedules.put(sampleSchedule())).toBe(false);
    expect(await schedules.put({ ...first, cron: '0 9 * * *', nextAtMs: null })).toBe(true);
    expect(await schedules.put({ ...first, cron: '0 8 * * *' })).toBe(false);
    expect(await schedules.get('morning')).toEqual({ ...first, cron: '0 9 * * *', nextAtMs: null, version: 2 });
    expect(await (await fresh.reopen()).schedules.get('morning')).toMatchObject({ cron: '0 9 * * *' });
  });

  it('keeps one of callers who come at once', async () => {
    const { schedules } = fresh.store;
    const results = await Promise.all(Array.from({ length: 5 }, () => schedules.put(sampleSchedule())));
    expect(results.filter(Boolean)).toHaveLength(1);
  });

  it('lists in order of key, and forgets what is deleted', async () => {
    const { schedules } = fresh.store;
    for (const key of ['c', 'a', 'B', 'b']) await kept({ key });
    const { items } = await everyPage((cursor) => schedules.list({ cursor, limit: 3 }));
    expect(items.map(({ key }) => key)).toEqual(['B', 'a', 'b', 'c']);
    expect([await schedules.delete('a'), await schedules.delete('a')]).toEqual([true, false]);
    expect(await schedules.get('a')).toBeNull();
  });

  it('finds what is due, the longest due first, and when the next is', async () => {
    const { schedules } = fresh.store;
    expect(await schedules.nextDueMs()).toBeNull();
    for (const [index, nextAtMs] of [NOW_MS + 2, null, NOW_MS, NOW_MS + 1].entries()) {
      await kept({ key: `s${index}`, nextAtMs });
    }
    expect(await schedules.nextDueMs()).toBe(NOW_MS);
    const due = async (untilMs: number, limit: number) => (await schedules.due(untilMs, limit)).map(({ key }) => key);
    expect(await due(NOW_MS + 1, 10)).toEqual(['s2', 's3']);
    expect(await due(NOW_MS + 9, 2)).toEqual(['s2', 's3']);
    expect(await due(NOW_MS - 1, 10)).toEqual([]);
  });

  it('keeps a moment with its notification, and moves on', async () => {
    const { schedules, notifications } = fresh.store;
    const schedule = await kept();
    const commit = sampleCommit(schedule);
    expect(await schedules.commit(commit)).toMatchObject({ kind: 'kept', accepted: { kind: 'accepted' } });
    const { version, ...after } = (await schedules.get('morning'))!;
    expect(after).toMatchObject({
      nextAtMs: NOW_MS + 2 * MINUTE_MS,
      lastAtMs: NOW_MS + MINUTE_MS,
      latest: commit.occurrences[0],
      underWay: null,
    });
    expect(version).toBeGreaterThan(schedule.version);
    expect(await notifications.get(commit.acceptance!.notification.id)).not.toBeNull();
    const page = { scheduleId: schedule.id, cursor: null, limit: 5 };
    expect((await schedules.occurrences(page)).items).toEqual(commit.occurrences);
  });

  it('keeps it once, however many try at once', async () => {
    const { schedules, notifications } = fresh.store;
    const schedule = await kept();
    const results = await Promise.all(Array.from({ length: 5 }, () => schedules.commit(sampleCommit(schedule))));
    expect(results.filter(({ kind }) => kind === 'kept')).toHaveLength(1);
    const all = { userId: null, type: null, status: null, fromMs: null, untilMs: null, cursor: null, limit: 9 };
    expect((await notifications.list(all)).items).toHaveLength(1);
    expect(await schedules.commit(sampleCommit(schedule))).toEqual({ kind: 'lost' });
  });

  it('keeps nothing of a schedule that is gone, or is another by the same key', async () => {
    const { schedules, notifications } = fresh.store;
    const schedule = await kept();
    await schedules.delete('morning');
    const commit = sampleCommit(schedule);
    expect(await schedules.commit(commit)).toEqual({ kind: 'lost' });
    await kept();
    expect(await schedules.commit(commit)).toEqual({ kind: 'lost' });
    expect(await notifications.get(commit.acceptance!.notification.id)).toBeNull();
    const page = { scheduleId: schedule.id, cursor: null, limit: 5 };
    expect((await schedules.occurrences(page)).items).toEqual([]);
  });

  it('makes no notification again that is there', async () => {
    const { schedules } = fresh.store;
    const schedule = await kept();
    const commit = sampleCommit(schedule);
    await fresh.store.notifications.accept(commit.acceptance!);
    expect(await schedules.commit(commit)).toMatchObject({ kind: 'kept' });
    expect((await schedules.get('morning'))!.nextAtMs).toBe(NOW_MS + 2 * MINUTE_MS);
  });

  it('keeps what was missed, and what could not be accepted, without a notification', async () => {
    const { schedules } = fresh.store;
    const schedule = await kept();
    const missed = sampleOccurrence(schedule, {
      status: 'missed',
      missed: { count: 3, isAtLeast: false, lastAtMs: NOW_MS + 5, instantsMs: [NOW_MS, NOW_MS + 5] },
    });
    const failed = sampleOccurrence(schedule, {
      id: idsOfMoment(schedule, { wallMs: NOW_MS + MINUTE_MS, atMs: NOW_MS + MINUTE_MS }).occurrenceId,
      status: 'failed',
      code: 'invalid_audience',
      detail: 'no',
    });
    const commit = sampleCommit(schedule, {
      made: null,
      acceptance: null,
      occurrences: [missed, failed],
      nextAtMs: null,
    });
    expect(await schedules.commit(commit)).toEqual({ kind: 'kept', accepted: null });
    expect(await schedules.get('morning')).toMatchObject({ nextAtMs: null, latest: failed });
    const { items, pages } = await everyPage((cursor) =>
      schedules.occurrences({ scheduleId: schedule.id, cursor, limit: 1 }),
    );
    expect([items, pages]).toEqual([[failed, missed], 2]);
  });

  it('keeps what is sent by hand, once for each idempotency key', async () => {
    const { schedules } = fresh.store;
    const schedule = await kept();
    const send = () => {
      const notification = sampleNotification();
      const { id: notificationId, acceptedAtMs: atMs } = notification;
      const by = { trigger: 'hand', wallMs: null, atMs, notificationId } as const;
      const occurrence = sampleOccurrence(schedule, { ...by, id: occurrenceIdOf(notificationId) });
      const idempotency = { key: 'k', bodyDigest: 'd', expiresAtMs: 9e15 };
      return schedules.trigger(sampleAcceptance(notification, ['ada'], { idempotency }), occurrence, 'morning');
    };
    const first = await send();
    const again = await send();
    expect([first.kind, again.kind]).toEqual(['accepted', 'repeated']);
    const { items } = await schedules.occurrences({ scheduleId: schedule.id, cursor: null, limit: 5 });
    expect(items).toHaveLength(1);
    expect(await schedules.get('morning')).toMatchObject({ latest: items[0], nextAtMs: schedule.nextAtMs });
  });

  it('forgets what came of moments with retention, and no schedule', async () => {
    const { schedules, retention } = fresh.store;
    const schedule = await kept();
    await schedules.commit(sampleCommit(schedule));
    const page = { scheduleId: schedule.id, cursor: null, limit: 5 };
    await retention.forget(NOW_MS, 10);
    expect((await schedules.occurrences(page)).items).toHaveLength(1);
    await retention.forget(NOW_MS + 1, 10);
    expect((await schedules.occurrences(page)).items).toEqual([]);
    expect(await schedules.get('morning')).not.toBeNull();
  });
}
