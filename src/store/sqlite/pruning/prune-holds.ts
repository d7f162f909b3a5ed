import { pruneHoldDecided, pruneHoldOpened } from '../../../domain/event/event-drafts.ts';
import type { PruneHold, PruneHoldScope, PruneHoldState } from '../../../domain/pruning/prune-hold.ts';
import { MOST_HOLDS_LISTED, type PruneHoldStore } from '../../prune-hold-store.ts';
import { outboxOf } from '../event/outbox.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';

type PruneHoldRow = {
  readonly id: string;
  readonly scope: PruneHoldScope;
  readonly subject: string;
  readonly state: PruneHoldState;
  readonly gone_count: number;
  readonly answer_count: number;
  readonly retired_ids: string;
  readonly opened_at: number;
  readonly decided_at: number | null;
};

export function sqlitePruneHolds(database: Database, commits: GroupCommit): PruneHoldStore {
  return {
    open: (hold) => commits.write(1, () => open(database, hold)),
    get: (id) => commits.read(() => read(database, id)),
    list: (state) =>
      commits.read(() =>
        database
          .all<PruneHoldRow>(
            `SELECT * FROM prune_holds ${state === null ? '' : 'WHERE state = ?'} ORDER BY id DESC LIMIT ${MOST_HOLDS_LISTED}`,
            state === null ? [] : [state],
          )
          .map(toPruneHold),
      ),
    current: (decidedSinceMs) =>
      commits.read(() =>
        database
          .all<PruneHoldRow>("SELECT * FROM prune_holds WHERE state = 'open' OR decided_at >= ?", [decidedSinceMs])
          .map(toPruneHold),
      ),
    decide: (id, state, atMs) =>
      commits.write(1, () => {
        const sql = "UPDATE prune_holds SET state = ?, decided_at = ? WHERE id = ? AND state = 'open'";
        const decided = database.run(sql, [state, atMs, id]);
        if (decided > 0) outboxOf(database).add(pruneHoldDecided(id, state, atMs));
        return read(database, id);
      }),
  };
}

function open(database: Database, hold: PruneHold): PruneHold {
  const opened = database.run(
    `INSERT INTO prune_holds (id, scope, subject, state, gone_count, answer_count, retired_ids, opened_at, decided_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    [
      hold.id,
      hold.scope,
      hold.subject,
      hold.state,
      hold.goneCount,
      hold.answerCount,
      JSON.stringify(hold.retiredIds),
      hold.openedAtMs,
      hold.decidedAtMs,
    ],
  );
  if (opened > 0) outboxOf(database).add(pruneHoldOpened(hold));
  const row = database.first<PruneHoldRow>(
    "SELECT * FROM prune_holds WHERE scope = ? AND subject = ? AND state = 'open'",
    [hold.scope, hold.subject],
  );
  return row === undefined ? hold : toPruneHold(row);
}

function read(database: Database, id: string): PruneHold | null {
  const row = database.first<PruneHoldRow>('SELECT * FROM prune_holds WHERE id = ?', [id]);
  return row === undefined ? null : toPruneHold(row);
}

function toPruneHold(row: PruneHoldRow): PruneHold {
  return {
    id: row.id,
    scope: row.scope,
    subject: row.subject,
    state: row.state,
    goneCount: row.gone_count,
    answerCount: row.answer_count,
    retiredIds: JSON.parse(row.retired_ids) as string[],
    openedAtMs: row.opened_at,
    decidedAtMs: row.decided_at,
  };
}
