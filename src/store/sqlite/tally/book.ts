import { TallyBook } from '../../../domain/tally/tally-book.ts';
import type { CommitRider } from '../file/commit.ts';
import type { Database } from '../file/driver.ts';

const books = new WeakMap<Database, TallyBook>();

/** What the transaction under way changes in the tallies: whoever writes rows that are counted says so here. */
export function bookOf(database: Database): TallyBook {
  const known = books.get(database);
  if (known !== undefined) return known;
  const book = new TallyBook();
  books.set(database, book);
  return book;
}

/** Writes the tallies in the commit that changes them, once for all of its writes. */
export function tallyRider(database: Database): CommitRider {
  const book = bookOf(database);
  return {
    // A commit that failed may have left something.
    begin: () => book.forget(),
    end: () => {
      if (!book.isEmpty) keep(database, book);
    },
  };
}

function keep(database: Database, book: TallyBook): void {
  const { changes, rollups } = book.take();
  for (const [name, by] of changes) {
    database.run(
      'INSERT INTO tallies (name, count) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET count = count + excluded.count',
      [name, by],
    );
  }
  for (const { span, atMs, service, state, outcome, count, latencyMs } of rollups) {
    database.run(
      `INSERT INTO rollups (span, at, push_service, state, outcome, count, latency_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (span, at, push_service, state, outcome)
         DO UPDATE SET count = count + excluded.count, latency_ms = latency_ms + excluded.latency_ms`,
      [span, atMs, service, state, outcome, count, latencyMs],
    );
  }
}
