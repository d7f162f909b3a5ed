import type { FactStore } from '../fact-store.ts';
import type { Database } from './file/driver.ts';
import type { GroupCommit } from './file/group-commit.ts';

export function sqliteFacts(database: Database, commits: GroupCommit): FactStore {
  return {
    async keep(name, value) {
      // Read first: what is kept already costs no write, which a full disk would refuse.
      const kept = await commits.read(() => readFact(database, name));
      return kept ?? commits.write(1, () => keep(database, name, value));
    },
    find: (name) => commits.read(() => readFact(database, name)),
    replace: (name, value) => commits.write(1, () => replaceFact(database, name, value)),
  };
}

function keep(database: Database, name: string, value: string): string {
  database.run('INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING', [name, value]);
  return readFact(database, name) ?? value;
}

/** Within the caller’s turn; null where nothing is kept. */
export function readFact(database: Database, name: string): string | null {
  return database.first<{ value: string }>('SELECT value FROM facts WHERE name = ?', [name])?.value ?? null;
}

/** Within the caller’s transaction. */
export function replaceFact(database: Database, name: string, value: string): void {
  database.run(
    'INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    [name, value],
  );
}
