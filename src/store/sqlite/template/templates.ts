import type { Wording } from '../../../domain/content/wording.ts';
import { decodeName, encodeName, toPage } from '../../cursor.ts';
import { beforeVersion, cursorOfVersion, type TemplateStore, type TemplateVersion } from '../../template-store.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';

type TemplateRow = {
  readonly key: string;
  readonly version: number;
  readonly wording: string | null;
  readonly created_at: number;
};

const COLUMNS = 'key, version, wording, created_at';

export function sqliteTemplates(database: Database, commits: GroupCommit): TemplateStore {
  const first = (sql: string, values: readonly (string | number)[]): TemplateVersion | null => {
    const row = database.first<TemplateRow>(`SELECT ${COLUMNS} FROM templates ${sql}`, [...values]);
    return row === undefined ? null : toVersion(row);
  };
  return {
    add: (version) => commits.write(1, () => add(database, version)),
    newest: (key) => commits.read(() => first('WHERE key = ? ORDER BY version DESC LIMIT 1', [key])),
    get: (key, version) => commits.read(() => first('WHERE key = ? AND version = ?', [key, version])),
    list: (query) => commits.read(() => list(database, query)),
    versions: (query) => commits.read(() => versions(database, query)),
    namings: (key, version) => commits.read(() => namings(database, key, version)),
    noteNaming: (keys) => commits.write(keys.length, () => noteNaming(database, keys)),
    remove: (deletion, seen) =>
      commits.write(
        1,
        () =>
          namings(database, deletion.key, deletion.version - 1) === seen &&
          add(database, { ...deletion, wording: null }),
      ),
  };
}

function toVersion({ key, version, wording, created_at: createdAtMs }: TemplateRow): TemplateVersion {
  return { key, version, wording: wording === null ? null : (JSON.parse(wording) as Wording), createdAtMs };
}

function add(database: Database, { key, version, wording, createdAtMs }: TemplateVersion): boolean {
  const sql = `INSERT INTO templates (${COLUMNS}) VALUES (?, ?, ?, ?) ON CONFLICT (key, version) DO NOTHING`;
  return database.run(sql, [key, version, wording === null ? null : JSON.stringify(wording), createdAtMs]) > 0;
}

function namings(database: Database, key: string, version: number): number {
  const sql = 'SELECT namings FROM templates WHERE key = ? AND version = ?';
  return database.first<{ namings: number }>(sql, [key, version])?.namings ?? 0;
}

function noteNaming(database: Database, keys: readonly string[]): string | null {
  const sql = `UPDATE templates SET namings = namings + 1 WHERE key = ? AND wording IS NOT NULL
    AND version = (SELECT max(version) FROM templates AS other WHERE other.key = templates.key)`;
  return keys.find((key) => database.run(sql, [key]) === 0) ?? null;
}

function list(database: Database, { cursor, limit }: Parameters<TemplateStore['list']>[0]) {
  const rows = database.all<TemplateRow>(
    `SELECT ${COLUMNS} FROM templates AS one WHERE key > ? AND wording IS NOT NULL
       AND version = (SELECT max(version) FROM templates AS other WHERE other.key = one.key)
     ORDER BY key LIMIT ?`,
    [decodeName(cursor), limit + 1],
  );
  return toPage(rows, limit, toVersion, ({ key }) => encodeName(key));
}

function versions(database: Database, { key, cursor, limit }: Parameters<TemplateStore['versions']>[0]) {
  const rows = database.all<TemplateRow>(
    `SELECT ${COLUMNS} FROM templates WHERE key = ? AND version < ? AND wording IS NOT NULL ORDER BY version DESC LIMIT ?`,
    [key, beforeVersion(cursor), limit + 1],
  );
  return toPage(rows, limit, toVersion, cursorOfVersion);
}
