import type { TypeRule } from '../../../domain/notification-type/type-policy.ts';
import type { TypeRuleStore } from '../../type-rule-store.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';

export function sqliteTypeRules(database: Database, commits: GroupCommit): TypeRuleStore {
  const put = `INSERT INTO type_rules (pattern, rule) VALUES (?, ?) ON CONFLICT (pattern) DO UPDATE SET rule = excluded.rule`;
  return {
    all: () => commits.read(() => readAll(database)),
    put: (pattern, rule) =>
      commits.write(1, () => {
        database.run(put, [pattern, JSON.stringify(rule)]);
      }),
    delete: (pattern) =>
      commits.erase(1, () => database.run('DELETE FROM type_rules WHERE pattern = ?', [pattern]) > 0),
  };
}

function readAll(database: Database): ReadonlyMap<string, TypeRule> {
  const rows = database.all<{ pattern: string; rule: string }>('SELECT pattern, rule FROM type_rules ORDER BY pattern');
  return new Map(rows.map(({ pattern, rule }) => [pattern, JSON.parse(rule) as TypeRule]));
}
