import { type BulkAction, isUnderWay } from '../../../domain/bulk-action/bulk-action.ts';
import { ANY_DEAD_LETTER } from '../../../domain/delivery/dead-letter-filter.ts';
import { type BulkActionStore, MOST_BULK_ACTIONS_LISTED } from '../../bulk-action-store.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import type { SqlValue } from '../file/sql-value.ts';

type BulkActionRow = { readonly id: string; readonly version: number; readonly action: string };

export function sqliteBulkActions(database: Database, commits: GroupCommit): BulkActionStore {
  const read = (rest: string, values: readonly SqlValue[] = []): Promise<readonly BulkAction[]> =>
    commits.read(() => database.all<BulkActionRow>(`SELECT * FROM bulk_actions ${rest}`, [...values]).map(toAction));
  return {
    add: (action) =>
      commits.write(1, () => {
        const earlier = action.claim === null ? undefined : ofClaim(database, action.claim.key);
        if (earlier !== undefined) return toAction(earlier);
        database.run(
          'INSERT INTO bulk_actions (id, version, is_under_way, action, claim_key, ended_at) VALUES (?, ?, ?, ?, ?, ?)',
          [
            ...[action.id, action.version, isUnderWay(action) ? 1 : 0, textOf(action)],
            ...[action.claim?.key ?? null, action.endedAtMs],
          ],
        );
        return action;
      }),
    get: async (id) => (await read('WHERE id = ?', [id]))[0] ?? null,
    list: () => read(`ORDER BY id DESC LIMIT ${MOST_BULK_ACTIONS_LISTED}`),
    underWay: async () => (await read('WHERE is_under_way = 1 ORDER BY id LIMIT 1'))[0] ?? null,
    update: (action) =>
      commits.write(
        1,
        () =>
          database.run(
            `UPDATE bulk_actions SET version = version + 1, is_under_way = ?, action = ?, ended_at = ?
             WHERE id = ? AND version = ?`,
            [isUnderWay(action) ? 1 : 0, textOf(action), action.endedAtMs, action.id, action.version],
          ) > 0,
      ),
  };
}

function ofClaim(database: Database, key: string): BulkActionRow | undefined {
  return database.first<BulkActionRow>('SELECT * FROM bulk_actions WHERE claim_key = ?', [key]);
}

function textOf({ id: _, version: __, ...rest }: BulkAction): string {
  return JSON.stringify(rest);
}

function toAction({ id, version, action }: BulkActionRow): BulkAction {
  const kept = JSON.parse(action) as Omit<BulkAction, 'id' | 'version' | 'claim'> & Partial<Pick<BulkAction, 'claim'>>;
  return { id, version, ...kept, claim: kept.claim ?? null, filter: { ...ANY_DEAD_LETTER, ...kept.filter } };
}
