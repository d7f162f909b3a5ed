import { systemClock } from '../../../clock.ts';
import type { EventDraft } from '../../../domain/event/outbox-event.ts';
import { USUAL_EVENT_TYPES } from '../../../domain/event/outbox-event.ts';
import { OutboxPolicy, type OutboxTerms } from '../../outbox.ts';
import type { CommitRider } from '../file/commit.ts';
import type { Database } from '../file/driver.ts';

const outboxes = new WeakMap<Database, Outbox>();

/** What the transaction under way announces: whoever makes something true says so here, within the same transaction. */
export function outboxOf(database: Database): Outbox {
  const known = outboxes.get(database);
  return known ?? openOutbox(database, { types: USUAL_EVENT_TYPES, clock: systemClock });
}

/** Says once what the outbox of this database takes. */
export function openOutbox(database: Database, terms: OutboxTerms): Outbox {
  const outbox = new Outbox(terms);
  outboxes.set(database, outbox);
  return outbox;
}

export class Outbox extends OutboxPolicy {
  private drafts: EventDraft[] = [];

  /** Those of a type that is not wanted, and nulls, are left out. */
  add(...drafts: readonly (EventDraft | null)[]): void {
    this.drafts.push(...this.wanted(drafts));
  }

  take(): readonly EventDraft[] {
    const { drafts } = this;
    this.drafts = [];
    return drafts;
  }
}

/** Writes what was announced into the commit that made it true. One writer has the file, so numbers follow the order of commits. */
export function outboxRider(database: Database): CommitRider {
  return {
    // A commit that failed may have left something.
    begin: () => void outboxOf(database).take(),
    end: () => {
      for (const { id, type, atMs, data } of outboxOf(database).take()) {
        database.run('INSERT INTO events (id, type, at, data) VALUES (?, ?, ?, ?)', [
          id,
          type,
          atMs,
          JSON.stringify(data),
        ]);
      }
    },
  };
}
