import type { Database } from '../../../src/store/sqlite/file/driver.ts';
import { demand } from './violation.ts';

type Seen = { readonly version: number; readonly state: string; readonly due_at: number | null };

/** The versions of all deliveries as they were seen last. */
export class VersionWatch {
  private seen = new Map<string, Seen>();

  forget(): void {
    this.seen.clear();
  }

  look(database: Database): void {
    const rows = database.all<Seen & { readonly id: string }>('SELECT id, version, state, due_at FROM deliveries');
    for (const { id, ...now } of rows) {
      const before = this.seen.get(id);
      this.seen.set(id, now);
      if (before === undefined) continue;
      demand(
        'versions',
        now.version >= before.version,
        () => `${id} had version ${before.version}, and has ${now.version}`,
      );
      const isSame = now.state === before.state || now.version > before.version;
      demand(
        'versions',
        isSame,
        () => `${id} went from ${before.state} to ${now.state}, and its version stays ${now.version}`,
      );
    }
  }
}

/** What is due so long, with everybody there to look at it, is lost. */
export function checkNothingLies(database: Database, nowMs: number, patienceMs: number): void {
  const delivery = database.first<{ id: string; state: string; due_at: number }>(
    'SELECT id, state, due_at FROM deliveries WHERE due_at IS NOT NULL AND due_at < ? LIMIT 1',
    [nowMs - patienceMs],
  );
  demand(
    'ends',
    delivery === undefined,
    () =>
      `${delivery?.id} is ${delivery?.state} and due since ${nowMs - (delivery?.due_at ?? 0)} ms, and nobody looks at it`,
  );
  const notification = database.first<{ id: string; status: string; due_at: number | null; accepted_at: number }>(
    `SELECT id, status, due_at, accepted_at FROM notifications WHERE (due_at IS NOT NULL AND due_at < ?)
       OR (status = 'accepted' AND due_at IS NULL AND accepted_at < ?) LIMIT 1`,
    [nowMs - patienceMs, nowMs - patienceMs],
  );
  demand('ends', notification === undefined, () => {
    const sinceMs = nowMs - (notification?.due_at ?? notification?.accepted_at ?? 0);
    return `${notification?.id} is ${notification?.status}, to be looked at since ${sinceMs} ms, and nobody does`;
  });
}

/** What a caller was told is there, once for each key. */
export function checkAccepted(database: Database, accepted: ReadonlyMap<string, string>): void {
  const ids = JSON.stringify([...accepted.values()]);
  const lost = database.first<{ id: string }>(
    'SELECT value AS id FROM json_each(?) WHERE value NOT IN (SELECT id FROM notifications) LIMIT 1',
    [ids],
  );
  demand('accepted', lost === undefined, () => `a caller was told that ${lost?.id} is accepted, and it is not there`);
}

/** When something is due next: a delivery, a wave, or a schedule. */
export function nextDueMs(database: Database, isPaused: boolean): number {
  const row = database.first<{
    delivery: number | null;
    wave: number | null;
    schedule: number | null;
    accepted: number | null;
  }>(
    `SELECT (SELECT min(due_at) FROM deliveries WHERE due_at IS NOT NULL) AS delivery,
       (SELECT min(due_at) FROM notifications WHERE due_at IS NOT NULL) AS wave,
       (SELECT min(next_at) FROM schedules WHERE next_at IS NOT NULL) AS schedule,
       (SELECT min(accepted_at) FROM notifications WHERE status = 'accepted') AS accepted`,
  );
  const due = isPaused ? [] : [row?.delivery, row?.wave, row?.schedule, row?.accepted];
  return due.reduce<number>(
    (least, each) => Math.min(least, each ?? Number.POSITIVE_INFINITY),
    Number.POSITIVE_INFINITY,
  );
}
