import type { Database } from '../../../src/store/sqlite/file/driver.ts';
import { demand } from './violation.ts';

type EventRow = { readonly sequence: number; readonly type: string; readonly data: string };

/** What programs were told, held against what is so. */
export class EventWatch {
  private sequence = 0;
  /** Deliveries with the number of attempts at which they failed. */
  private readonly failed = new Map<string, Set<number>>();
  private readonly completed = new Set<string>();
  /** By notification, how many users got nothing. */
  private readonly suppressed = new Map<string, number>();
  private readonly retired = new Set<string>();

  /** What was not durable was told to nobody. */
  forget(): void {
    this.sequence = 0;
    for (const known of [this.failed, this.completed, this.suppressed, this.retired]) known.clear();
  }

  look(database: Database): void {
    this.read(database);
    this.checkFailures(database);
    this.checkNotifications(database);
    for (const { id, retired_reason } of database.all<{ id: string; retired_reason: string }>(
      'SELECT id, retired_reason FROM subscriptions WHERE retired_at IS NOT NULL',
    ))
      demand('events', this.retired.has(id), () => `${id} is retired (${retired_reason}), and no event says so`);
  }

  private read(database: Database): void {
    const sql = 'SELECT sequence, type, data FROM events WHERE sequence > ? ORDER BY sequence';
    for (const { sequence, type, data } of database.all<EventRow>(sql, [this.sequence])) {
      const isNext = this.sequence === 0 || sequence === this.sequence + 1;
      demand('events', isNext, () => `event ${sequence} comes after ${this.sequence}`);
      this.sequence = sequence;
      this.take(type, JSON.parse(data) as Record<string, unknown>);
    }
  }

  private take(type: string, data: Record<string, unknown>): void {
    const { deliveryId, notificationId, subscriptionId, attempts, users } = data;
    if (type === 'delivery.failed') {
      const numbers = this.failed.get(String(deliveryId)) ?? new Set();
      demand(
        'events',
        !numbers.has(Number(attempts)),
        () => `two events say that ${deliveryId} failed at attempt ${attempts}`,
      );
      this.failed.set(String(deliveryId), numbers.add(Number(attempts)));
    }
    if (type === 'notification.completed') this.completed.add(String(notificationId));
    if (type === 'notification.suppressed') this.suppressed.set(String(notificationId), Number(users));
    if (type === 'subscription.retired') this.retired.add(String(subscriptionId));
  }

  private checkFailures(database: Database): void {
    const now = database.all<{ id: string; attempt_count: number }>(
      "SELECT id, attempt_count FROM deliveries WHERE state = 'failed'",
    );
    const failed = new Set(now.map(({ id }) => id));
    for (const { id, attempt_count } of now) {
      const isTold = this.failed.get(id)?.has(attempt_count) === true;
      demand('events', isTold, () => `${id} failed at attempt ${attempt_count}, and no event says so`);
    }
    for (const id of this.failed.keys()) {
      if (failed.has(id)) continue;
      const was = database.first<{ state: string; replays: string | null; reason: string | null }>(
        'SELECT state, replays, reason FROM deliveries WHERE id = ?',
        [id],
      );
      const isTrue = was === undefined || was.replays !== null || was.reason === 'discarded';
      demand('events', isTrue, () => `an event says that ${id} failed, and it is ${was?.state}`);
    }
  }

  private checkNotifications(database: Database): void {
    const rows = database.all<{ id: string; status: string; stopped: number; replayed: number; open: number }>(
      `SELECT n.id, n.status, coalesce(s.stopped, 0) + coalesce(u.listed, 0) AS stopped, coalesce(d.replayed, 0) AS replayed,
         coalesce(d.open, 0) AS open
       FROM notifications AS n
       LEFT JOIN (SELECT notification_id, max(replays IS NOT NULL) AS replayed,
           max(state IN ('pending', 'held', 'sending', 'retrying')) AS open FROM deliveries GROUP BY notification_id) AS d
         ON d.notification_id = n.id
       LEFT JOIN (SELECT notification_id, count(*) AS stopped FROM suppressions GROUP BY notification_id) AS s
         ON s.notification_id = n.id
       LEFT JOIN (SELECT notification_id, sum(user_count) AS listed FROM unreached GROUP BY notification_id) AS u
         ON u.notification_id = n.id
       WHERE n.fan_out_cursor IS NULL AND n.due_at IS NULL`,
    );
    for (const { id, status, stopped, replayed, open } of rows) {
      const told = this.suppressed.get(id) ?? 0;
      demand('events', stopped === told, () => `${id} has ${stopped} suppressions, and an event tells of ${told}`);
      const isTold = this.completed.has(id);
      const hasEnded = status === 'completed' || (status === 'cancelled' && open === 0);
      demand('events', !hasEnded || isTold, () => `${id} is ${status}, all has ended, and no event says so`);
      const isTrue = !isTold || hasEnded || replayed === 1;
      demand('events', isTrue, () => `an event says that ${id} is completed, and it is ${status}`);
    }
  }
}
