import type { EventBounds } from '../../../domain/event/event-cursor.ts';
import type { EventType, OutboxEvent } from '../../../domain/event/outbox-event.ts';
import type { EventStore } from '../../event-store.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';

type EventRow = {
  readonly sequence: number;
  readonly id: string;
  readonly type: EventType;
  readonly at: number;
  readonly data: string;
};

const FORGOTTEN_AT_ONCE = 1000;

export function sqliteEvents(database: Database, commits: GroupCommit): EventStore {
  return {
    after: (sequence, limit) => commits.read(() => after(database, sequence, limit)),
    bounds: () => commits.read(() => bounds(database)),
    // An event is in its place with the commit that makes it true.
    relay: async () => 0,
    forget: (beforeMs) => forget(database, commits, beforeMs),
  };
}

function after(database: Database, sequence: number, limit: number): OutboxEvent[] {
  return database
    .all<EventRow>('SELECT * FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?', [sequence, limit])
    .map(({ at, data, ...rest }) => ({ ...rest, atMs: at, data: JSON.parse(data) as unknown }) as OutboxEvent);
}

/** Each from its own end of the index. */
function bounds(database: Database): EventBounds {
  const row = database.first<{ first: number | null; last: number | null }>(
    'SELECT (SELECT min(sequence) FROM events) AS first, (SELECT max(sequence) FROM events) AS last',
  );
  return { first: row?.first ?? 0, last: row?.last ?? 0 };
}

/** From the oldest on, up to the first that is younger: so what is kept has no gaps. */
async function forget(database: Database, commits: GroupCommit, beforeMs: number): Promise<number> {
  let forgotten = 0;
  for (;;) {
    const gone = await commits.erase(FORGOTTEN_AT_ONCE, () =>
      database.run(
        `DELETE FROM events WHERE sequence < (
           SELECT coalesce(min(iif(at >= ?, sequence, NULL)), max(sequence))
           FROM (SELECT sequence, at FROM events ORDER BY sequence LIMIT ?))`,
        [beforeMs, FORGOTTEN_AT_ONCE + 1],
      ),
    );
    forgotten += gone;
    if (gone < FORGOTTEN_AT_ONCE) return forgotten;
  }
}
