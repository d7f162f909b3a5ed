import { type BulkAction, isUnderWay } from '../../../domain/bulk-action/bulk-action.ts';
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
        database.run('INSERT INTO bulk_actions (id, version, is_under_way, action) VALUES (?, ?, ?, ?)', [
          action.id,
          action.version,
          isUnderWay(action) ? 1 : 0,
          textOf(action),
        ]);
      }),
    get: async (id) => (await read('WHERE id = ?', [id]))[0] ?? null,
    list: () => read(`ORDER BY id DESC LIMIT ${MOST_BULK_ACTIONS_LISTED}`),
    underWay: async () => (await read('WHERE is_under_way = 1 ORDER BY id LIMIT 1'))[0] ?? null,
    update: (action) =>
      commits.write(
        1,
        () =>
          database.run(
            'UPDATE bulk_actions SET version = version + 1, is_under_way = ?, action = ? WHERE id = ? AND version = ?',
            [isUnderWay(action) ? 1 : 0, textOf(action), action.id, action.version],
          ) > 0,
      ),
  };
}

function textOf({ id: _, version: __, ...rest }: BulkAction): string {
  return JSON.stringify(rest);
}

function toAction({ id, version, action }: BulkActionRow): BulkAction {
  return { id, version, ...(JSON.parse(action) as Omit<BulkAction, 'id' | 'version'>) };
}
