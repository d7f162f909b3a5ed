import { AppError } from '../../../domain/app-error.ts';
import type { Database } from '../file/driver.ts';

// Columns for what is queried, JSON for what is only carried: all-JSON cost 40 % more file and 10x on counts.
const FIRST_VERSION = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;

CREATE TABLE subscriptions (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  endpoint_hash TEXT NOT NULL,
  p256dh TEXT NOT NULL,
  auth TEXT NOT NULL,
  vapid_public_key TEXT NOT NULL,
  expiration_at INTEGER,
  locale TEXT,
  user_agent TEXT,
  retired_reason TEXT,
  retired_at INTEGER,
  replaces_id TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX subscriptions_active_endpoint ON subscriptions (endpoint_hash) WHERE retired_at IS NULL;
CREATE UNIQUE INDEX subscriptions_endpoint_user ON subscriptions (endpoint_hash, user_id);
CREATE INDEX subscriptions_user ON subscriptions (user_id, id);
CREATE INDEX subscriptions_active_user ON subscriptions (user_id, id) WHERE retired_at IS NULL;
CREATE INDEX subscriptions_retired ON subscriptions (retired_at) WHERE retired_at IS NOT NULL;
CREATE INDEX subscriptions_active ON subscriptions (id) WHERE retired_at IS NULL;

CREATE TABLE notifications (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  lane INTEGER NOT NULL,
  ttl_seconds INTEGER NOT NULL,
  urgency TEXT NOT NULL,
  topic TEXT,
  user_count INTEGER NOT NULL,
  status TEXT NOT NULL,
  accepted_at INTEGER NOT NULL,
  fan_out_cursor TEXT,
  content TEXT NOT NULL
) STRICT;
CREATE INDEX notifications_accepted ON notifications (accepted_at, id);
CREATE INDEX notifications_type ON notifications (type, accepted_at, id);
CREATE INDEX notifications_status ON notifications (status, accepted_at, id);

CREATE TABLE audiences (notification_id TEXT PRIMARY KEY, user_ids TEXT NOT NULL) STRICT;

CREATE TABLE deliveries (
  id TEXT PRIMARY KEY,
  notification_id TEXT NOT NULL,
  subscription_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  lane INTEGER NOT NULL,
  state TEXT NOT NULL,
  version INTEGER NOT NULL,
  due_at INTEGER,
  deadline_at INTEGER NOT NULL,
  retry_count INTEGER NOT NULL,
  interruption_count INTEGER NOT NULL,
  attempt_count INTEGER NOT NULL,
  claimed_at INTEGER,
  reason TEXT,
  created_at INTEGER NOT NULL,
  ended_at INTEGER,
  attempts TEXT,
  replays TEXT
) STRICT;
CREATE INDEX deliveries_due ON deliveries (lane, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_state ON deliveries (state, id);
CREATE INDEX deliveries_failed ON deliveries (ended_at, id) WHERE state = 'failed';

CREATE TABLE idempotency_keys (
  key TEXT PRIMARY KEY,
  body_digest TEXT NOT NULL,
  notification_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

CREATE TABLE nonces (nonce TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT;
CREATE INDEX nonces_expiry ON nonces (expires_at);
`;

const FACTS = `
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
`;

const LANES_AND_QUARANTINE = `
ALTER TABLE deliveries ADD COLUMN origin TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN topic TEXT;
CREATE INDEX deliveries_topic ON deliveries (subscription_id, topic, notification_id) WHERE topic IS NOT NULL;
CREATE INDEX deliveries_waiting_topic ON deliveries (subscription_id, topic)
  WHERE topic IS NOT NULL AND due_at IS NOT NULL;
UPDATE deliveries SET topic = (SELECT topic FROM notifications WHERE notifications.id = notification_id)
  WHERE due_at IS NOT NULL;

ALTER TABLE subscriptions ADD COLUMN retired_by TEXT;
ALTER TABLE subscriptions ADD COLUMN quarantined_since INTEGER;
ALTER TABLE subscriptions ADD COLUMN quarantined_until INTEGER;
ALTER TABLE subscriptions ADD COLUMN suspected_by TEXT;
CREATE INDEX subscriptions_suspected ON subscriptions (suspected_by, id) WHERE suspected_by IS NOT NULL;
CREATE INDEX subscriptions_vapid_key ON subscriptions (vapid_public_key, retired_at) WHERE retired_at IS NULL;

CREATE TABLE prune_holds (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  subject TEXT NOT NULL,
  state TEXT NOT NULL,
  gone_count INTEGER NOT NULL,
  answer_count INTEGER NOT NULL,
  retired_ids TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  decided_at INTEGER
) STRICT;
CREATE UNIQUE INDEX prune_holds_open ON prune_holds (scope, subject) WHERE state = 'open';
`;

// A small audience beside its notification saves a row that would be written and deleted again at once.
const SMALL_AUDIENCES = `
ALTER TABLE notifications ADD COLUMN user_ids TEXT;
`;

// Which of a user's rows were not registered again for longest.
const IDLENESS = `
CREATE INDEX subscriptions_user_idle ON subscriptions (user_id, updated_at, id) WHERE retired_at IS NULL;
CREATE INDEX subscriptions_user_retired ON subscriptions (user_id, updated_at, id) WHERE retired_at IS NOT NULL;
`;

// Few rows at any time: whether another push to a subscription is under way is asked with each claim.
const PUSHES_UNDER_WAY = `
CREATE INDEX deliveries_sending ON deliveries (subscription_id, due_at) WHERE state = 'sending';
`;

// Ids begin with the time of their notification, so this one is in the order of time, and no claim or settlement touches it.
// Measured: some 12 microseconds of one core more for each delivery, of the 60 that its row takes in its whole life.
const DELIVERIES_OF_A_USER = `
CREATE INDEX deliveries_user ON deliveries (user_id, id);
CREATE INDEX deliveries_failed_user ON deliveries (user_id, ended_at, id) WHERE state = 'failed';
`;

// Tags and their counts stand beside the users whose they are: an audience walks along them in order of user.
const PEOPLE = `
CREATE TABLE users (
  id TEXT PRIMARY KEY,
  time_zone TEXT,
  locale TEXT,
  tags TEXT NOT NULL,
  preferences TEXT NOT NULL,
  quiet_hours TEXT,
  paused_until INTEGER,
  paused_since INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE TABLE user_tags (tag TEXT NOT NULL, user_id TEXT NOT NULL, PRIMARY KEY (tag, user_id)) STRICT, WITHOUT ROWID;
CREATE TABLE tags (tag TEXT PRIMARY KEY, user_count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE type_rules (pattern TEXT PRIMARY KEY, rule TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE segments (key TEXT PRIMARY KEY, tags TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE suppressions (
  notification_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (notification_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX suppressions_user ON suppressions (user_id, notification_id);
CREATE INDEX suppressions_reason ON suppressions (notification_id, reason, user_id);
CREATE TABLE unreached (
  id INTEGER PRIMARY KEY,
  notification_id TEXT NOT NULL,
  user_ids TEXT NOT NULL,
  user_count INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX unreached_notification ON unreached (notification_id, id);

CREATE TABLE cap_uses (
  user_id TEXT NOT NULL,
  pattern TEXT NOT NULL,
  notification_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (user_id, pattern, notification_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX cap_uses_at ON cap_uses (at);
CREATE INDEX cap_uses_user ON cap_uses (user_id, pattern, at);

ALTER TABLE subscriptions ADD COLUMN time_zone TEXT;
ALTER TABLE deliveries ADD COLUMN held_at INTEGER;
ALTER TABLE deliveries ADD COLUMN cap_pattern TEXT;
ALTER TABLE notifications ADD COLUMN audience TEXT;
`;

// Of a notification that is sent at once, and of its deliveries, none of these says anything, and no index has it.
const WHEN = `
ALTER TABLE notifications ADD COLUMN send_at TEXT;
ALTER TABLE notifications ADD COLUMN due_at INTEGER;
ALTER TABLE notifications ADD COLUMN following_at INTEGER;
ALTER TABLE notifications ADD COLUMN last_wave_at INTEGER;
ALTER TABLE notifications ADD COLUMN released_users INTEGER;
ALTER TABLE notifications ADD COLUMN cancelled_at INTEGER;
CREATE INDEX notifications_due ON notifications (due_at, id) WHERE due_at IS NOT NULL;
ALTER TABLE deliveries ADD COLUMN sent_order TEXT;
CREATE INDEX deliveries_sent_order ON deliveries (subscription_id, topic, sent_order) WHERE sent_order IS NOT NULL;
ALTER TABLE unreached ADD COLUMN reason TEXT NOT NULL DEFAULT 'no_subscription';
`;

const OPERATORS = `
CREATE TABLE sign_in_links (
  digest TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_in_links_expiry ON sign_in_links (expires_at);
CREATE TABLE operator_sessions (
  digest TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  key_id TEXT
) STRICT;
CREATE INDEX operator_sessions_expiry ON operator_sessions (expires_at);
`;

// What is counted as it changes, and what settlements came to by minute and hour. Both are written once a commit.
const TALLIES = `
CREATE TABLE tallies (name TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE rollups (
  span TEXT NOT NULL,
  at INTEGER NOT NULL,
  push_service TEXT NOT NULL,
  state TEXT NOT NULL,
  outcome TEXT NOT NULL,
  count INTEGER NOT NULL,
  latency_ms INTEGER NOT NULL,
  PRIMARY KEY (span, at, push_service, state, outcome)
) STRICT, WITHOUT ROWID;
`;

const AUDIT = `
CREATE TABLE audit (seq INTEGER PRIMARY KEY, who TEXT, action TEXT NOT NULL, target TEXT, entry TEXT NOT NULL) STRICT;
CREATE INDEX audit_who ON audit (who, seq);
CREATE INDEX audit_action ON audit (action, seq);
CREATE INDEX audit_target ON audit (target, seq);
`;

// What is asked for has columns; what a caller said of a schedule, and what came of a moment, is JSON.
const SCHEDULES = `
CREATE TABLE schedules (
  key TEXT PRIMARY KEY,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  next_at INTEGER,
  last_at INTEGER,
  latest TEXT,
  said TEXT NOT NULL
) STRICT;
CREATE INDEX schedules_next ON schedules (next_at) WHERE next_at IS NOT NULL;
CREATE TABLE occurrences (
  id TEXT PRIMARY KEY,
  schedule_id TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  occurrence TEXT NOT NULL
) STRICT;
CREATE INDEX occurrences_schedule ON occurrences (schedule_id, id);
CREATE INDEX occurrences_recorded ON occurrences (recorded_at);
`;

// Versions of templates are only ever added. What recipients have as values stands beside the audience until it is fanned out, in pieces, and
// then with each delivery.
const TEMPLATES = `
CREATE TABLE templates (
  key TEXT NOT NULL,
  version INTEGER NOT NULL,
  wording TEXT,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (key, version)
) STRICT;
CREATE TABLE recipient_values (
  notification_id TEXT NOT NULL,
  piece INTEGER NOT NULL,
  value_lists TEXT NOT NULL,
  PRIMARY KEY (notification_id, piece)
) STRICT;
ALTER TABLE deliveries ADD COLUMN variables TEXT;
`;

// What an action is about is read whole; which one has its turn, by its column.
const BULK_ACTIONS = `
CREATE TABLE bulk_actions (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  is_under_way INTEGER NOT NULL,
  action TEXT NOT NULL
) STRICT;
CREATE INDEX bulk_actions_under_way ON bulk_actions (id) WHERE is_under_way = 1;
`;

/** Each brings the schema from its place in the list to the next. Never edited once released. */
export const MIGRATIONS: readonly string[] = [
  FIRST_VERSION,
  FACTS,
  LANES_AND_QUARANTINE,
  SMALL_AUDIENCES,
  IDLENESS,
  PUSHES_UNDER_WAY,
  DELIVERIES_OF_A_USER,
  PEOPLE,
  WHEN,
  OPERATORS,
  TALLIES,
  AUDIT,
  SCHEDULES,
  TEMPLATES,
  BULK_ACTIONS,
];

/** Of the files that this Bellhop writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** Whether `migrate` would change a file that an earlier version wrote. */
export function isUpgradeDue(database: Database): boolean {
  const from = versionOf(database);
  return from > 0 && from < MIGRATIONS.length;
}

function versionOf(database: Database): number {
  return database.first<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0;
}

/** Brings the file to this Bellhop's schema. Within the caller's transaction. */
export function migrate(database: Database): void {
  const from = versionOf(database);
  if (from > MIGRATIONS.length) {
    throw new AppError(
      'store_unavailable',
      'A newer Bellhop wrote this data folder: start that version, or a later one.',
      { found: from, known: MIGRATIONS.length },
    );
  }
  for (const script of MIGRATIONS.slice(from)) database.execute(script);
  database.execute(`PRAGMA user_version = ${MIGRATIONS.length}`);
}
