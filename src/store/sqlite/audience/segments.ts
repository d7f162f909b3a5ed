import type { SegmentStore } from '../../segment-store.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';

export function sqliteSegments(database: Database, commits: GroupCommit): SegmentStore {
  const put = 'INSERT INTO segments (key, tags) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET tags = excluded.tags';
  return {
    all: () => commits.read(() => readAll(database)),
    put: (key, text) =>
      commits.write(1, () => {
        database.run(put, [key, text]);
      }),
    delete: (key) => commits.erase(1, () => database.run('DELETE FROM segments WHERE key = ?', [key]) > 0),
  };
}

function readAll(database: Database): ReadonlyMap<string, string> {
  const rows = database.all<{ key: string; tags: string }>('SELECT key, tags FROM segments ORDER BY key');
  return new Map(rows.map(({ key, tags }) => [key, tags]));
}
