import { type AuditEntry, linked, NO_ENTRY, type SaltedDraft } from '../../../domain/audit/audit-entry.ts';
import { type AuditFilter, type AuditSpan, type AuditStore, WHOLE_CHAIN } from '../../audit-store.ts';
import { parseSeqCursor, seqPage } from '../../seq-cursor.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';

type AuditRow = { readonly entry: string };

/** Written as deletions are, also while the disk is full: what is deleted then is on record, too. */
export function sqliteAudit(database: Database, commits: GroupCommit): AuditStore {
  return {
    append: (drafts) => commits.erase(drafts.length, () => append(database, drafts)),
    async list({ cursor, limit, filter, span = WHOLE_CHAIN }) {
      const within = { ...span, belowSeq: Math.min(span.belowSeq, parseSeqCursor(cursor)) };
      const rows = await commits.read(() => readPage(database, filter, within, limit + 1));
      return seqPage(rows, limit);
    },
    after: (seq, limit) =>
      commits.read(() =>
        toEntries(database.all<AuditRow>('SELECT entry FROM audit WHERE seq > ? ORDER BY seq LIMIT ?', [seq, limit])),
      ),
  };
}

function append(database: Database, drafts: readonly SaltedDraft[]): void {
  const [head] = toEntries(database.all<AuditRow>('SELECT entry FROM audit ORDER BY seq DESC LIMIT 1', []));
  for (const entry of linked(head ?? NO_ENTRY, drafts)) {
    const { seq, action, who, target } = entry;
    database.run('INSERT INTO audit (seq, who, action, target, entry) VALUES (?, ?, ?, ?, ?)', [
      ...[seq, who.text, action, target.text],
      JSON.stringify(entry),
    ]);
  }
}

/** By the index of the narrowest that is asked for. */
function readPage(database: Database, filter: AuditFilter, span: AuditSpan, limit: number): readonly AuditEntry[] {
  const asked = (['target', 'who', 'action'] as const).filter((name) => filter[name] !== null);
  const where = asked.map((name) => `${name} = ? AND `).join('');
  const sql = `SELECT entry FROM audit WHERE ${where}seq >= ? AND seq < ? ORDER BY seq DESC LIMIT ?`;
  return toEntries(
    database.all<AuditRow>(sql, [...asked.map((name) => filter[name]), span.fromSeq, span.belowSeq, limit]),
  );
}

function toEntries(rows: readonly AuditRow[]): readonly AuditEntry[] {
  return rows.map(({ entry }) => JSON.parse(entry) as AuditEntry);
}
