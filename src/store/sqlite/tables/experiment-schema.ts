// A user is counted once for an experiment and a stage: the row says that it was. Counts are kept beside, so that no reading counts rows.
export const EXPERIMENTS = `
ALTER TABLE deliveries ADD COLUMN variant TEXT;
ALTER TABLE notifications ADD COLUMN decided TEXT;
CREATE TABLE experiments (
  key TEXT PRIMARY KEY,
  terms TEXT NOT NULL,
  notification_id TEXT,
  created_at INTEGER NOT NULL,
  used_until INTEGER NOT NULL,
  decided TEXT
) STRICT;
CREATE INDEX experiments_created ON experiments (created_at, key);
CREATE INDEX experiments_used ON experiments (used_until);
CREATE TABLE experiment_marks (
  experiment_key TEXT NOT NULL,
  user_id TEXT NOT NULL,
  stage TEXT NOT NULL,
  variant TEXT NOT NULL,
  PRIMARY KEY (experiment_key, user_id, stage)
) STRICT, WITHOUT ROWID;
CREATE INDEX experiment_marks_user ON experiment_marks (user_id);
CREATE TABLE experiment_counts (
  experiment_key TEXT NOT NULL,
  variant TEXT NOT NULL,
  stage TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (experiment_key, variant, stage)
) STRICT, WITHOUT ROWID;
`;
