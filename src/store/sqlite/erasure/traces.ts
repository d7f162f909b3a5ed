import type { AuditEntry } from '../../../domain/audit/audit-entry.ts';
import type { ErasedPage, ErasedPerson } from '../../../domain/erasure/erasure.ts';
import { idsAfter } from '../../../domain/ids.ts';
import type { StoredStep } from '../../erasure-store.ts';
import type { Database } from '../file/driver.ts';
import { textList } from '../file/sql-value.ts';
import { readUser, writeUser } from '../tables/user-rows.ts';
import { emptyContents } from './contents.ts';
import { eraseFromSuppressionLists, eraseFromWaitingLists } from './lists.ts';

/** What one commit takes of a step that goes row by row. */
const ROWS_AT_ONCE = 500;

type Eraser = (database: Database, person: ErasedPerson, cursor: string | null) => ErasedPage;

/** A page of each step, within the commit. */
export const ERASERS: Readonly<Record<StoredStep, Eraser>> = {
  user: eraseUser,
  waiting_lists: eraseFromWaitingLists,
  suppressions: eraseSuppressions,
  suppression_lists: eraseFromSuppressionLists,
  cap_uses: eraseCapUses,
  experiments: eraseMarks,
  bulk_actions: eraseBulkActions,
  audit: eraseAudit,
};

function eraseUser(database: Database, { userId, untilMs }: ErasedPerson): ErasedPage {
  const user = readUser(database, userId);
  if (user === null || user.createdAtMs > untilMs) return { counts: {}, next: null };
  // The tags' tables follow the row.
  writeUser(database, user, { ...user, tags: [] });
  return { counts: { users: database.run('DELETE FROM users WHERE id = ?', [userId]) }, next: null };
}

/** They stay, and count, without the person; what was said to nobody else is said to nobody then. */
function eraseSuppressions(database: Database, { userId, alias, untilMs }: ErasedPerson): ErasedPage {
  const rows = database.all<{ notification_id: string }>(
    'SELECT notification_id FROM suppressions WHERE user_id = ? AND notification_id < ? LIMIT ?',
    [userId, idsAfter('notification', untilMs), ROWS_AT_ONCE],
  );
  const ids = rows.map(({ notification_id: id }) => id);
  const contents = emptyContents(database, ids);
  const suppressions = database.run(
    `UPDATE suppressions SET user_id = ?, detail = '{}'
     WHERE user_id = ? AND notification_id IN (SELECT value FROM json_each(?))`,
    [alias, userId, textList(ids)],
  );
  return { counts: { suppressions, contents }, next: ids.length < ROWS_AT_ONCE ? null : 'more' };
}

function eraseCapUses(database: Database, { userId, untilMs }: ErasedPerson): ErasedPage {
  return {
    counts: { cap_uses: database.run('DELETE FROM cap_uses WHERE user_id = ? AND at <= ?', [userId, untilMs]) },
    next: null,
  };
}

/** What they came to stays in the counts, which name nobody. */
function eraseMarks(database: Database, { userId }: ErasedPerson): ErasedPage {
  return {
    counts: { experiment_marks: database.run('DELETE FROM experiment_marks WHERE user_id = ?', [userId]) },
    next: null,
  };
}

/** Few rows: a person asks for each. */
function eraseBulkActions(database: Database, { userId, alias, untilMs }: ErasedPerson): ErasedPage {
  const rows = database.all<{ id: string; action: string }>('SELECT id, action FROM bulk_actions WHERE id < ?', [
    idsAfter('bulkAction', untilMs),
  ]);
  let count = 0;
  for (const { id, action } of rows) {
    const said = JSON.parse(action) as { filter: { userId: string | null } };
    if (said.filter.userId !== userId) continue;
    const without = { ...said, filter: { ...said.filter, userId: alias } };
    count += database.run('UPDATE bulk_actions SET version = version + 1, action = ? WHERE id = ?', [
      JSON.stringify(without),
      id,
    ]);
  }
  return { counts: { bulk_actions: count }, next: null };
}

/** The seal stays, over which the chain goes. */
function eraseAudit(database: Database, { userId, untilMs }: ErasedPerson, cursor: string | null): ErasedPage {
  const rows = database.all<{ seq: number; entry: string }>(
    'SELECT seq, entry FROM audit WHERE target = ? AND seq > ? ORDER BY seq LIMIT ?',
    [userId, Number(cursor ?? 0), ROWS_AT_ONCE],
  );
  let count = 0;
  for (const { seq, entry } of rows) {
    const said = JSON.parse(entry) as AuditEntry;
    if (said.atMs > untilMs) continue;
    const without = { ...said, target: { text: null, salt: null, seal: said.target.seal } };
    count += database.run('UPDATE audit SET target = NULL, entry = ? WHERE seq = ?', [JSON.stringify(without), seq]);
  }
  const last = rows.length < ROWS_AT_ONCE ? undefined : rows.at(-1);
  return { counts: { audit_entries: count }, next: last === undefined ? null : String(last.seq) };
}

/** See `ErasureStore.detach`. A claim or settlement under way writes neither, and so is in nobody's way. */
export function detach(database: Database, ids: readonly string[], { userId, alias }: ErasedPerson): number {
  return database.run(
    `UPDATE deliveries SET user_id = ?, variables = NULL, variant = json_remove(variant, '$.experimentKey')
     WHERE user_id = ? AND id IN (SELECT value FROM json_each(?))`,
    [alias, userId, textList(ids)],
  );
}
