import type { Database } from '../file/driver.ts';

/** Keys of experiments that nothing has used since. */
export function unusedSince(database: Database, beforeMs: number, limit: number): readonly string[] {
  const sql =
    'SELECT key FROM experiments INDEXED BY experiments_used WHERE used_until < ? ORDER BY used_until LIMIT ?';
  return database.all<{ key: string }>(sql, [beforeMs, limit]).map(({ key }) => key);
}

/** Some of the marks of an experiment; how many went. */
export function deleteMarks(database: Database, key: string, limit: number): number {
  return database.run(
    `DELETE FROM experiment_marks WHERE experiment_key = ? AND (user_id, stage) IN
       (SELECT user_id, stage FROM experiment_marks WHERE experiment_key = ? LIMIT ?)`,
    [key, key, limit],
  );
}

/** The counts and the experiment itself, once its marks are gone, unless it was used meanwhile. */
export function deleteExperiment(database: Database, key: string, beforeMs: number): void {
  const deleted = database.run('DELETE FROM experiments WHERE key = ? AND used_until < ?', [key, beforeMs]);
  if (deleted > 0) database.run('DELETE FROM experiment_counts WHERE experiment_key = ?', [key]);
}
