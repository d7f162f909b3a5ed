/** Steps of the schema: of people, and of when and what is sent. `schema.ts` has all steps in order. */

// Tags and their counts stand beside the users whose they are: an audience walks along them in order of user.
export const PEOPLE = `
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
export const WHEN = `
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

// What callers call their requests, where they do: nothing else is in the index.
export const REQUEST_IDS = `
ALTER TABLE notifications ADD COLUMN request_id TEXT;
CREATE INDEX notifications_request ON notifications (request_id, id) WHERE request_id IS NOT NULL;
`;

// What is asked for has columns; what a caller said of a schedule, and what came of a moment, is JSON.
export const SCHEDULES = `
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
export const TEMPLATES = `
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

// What devices told, once for each delivery and name, and how many of each name there are of a notification.
export const RECEIPTS = `
CREATE TABLE receipts (
  delivery_id TEXT NOT NULL,
  name TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (delivery_id, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE receipt_counts (
  notification_id TEXT NOT NULL,
  name TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (notification_id, name)
) STRICT, WITHOUT ROWID;
`;

// How often a schedule came to name a version while it was the newest: whoever deletes the template looks at it twice.
export const NAMINGS = `
ALTER TABLE templates ADD COLUMN namings INTEGER NOT NULL DEFAULT 0;
`;

export const MILESTONES = `
ALTER TABLE notifications ADD COLUMN fan_out_began_at INTEGER;
ALTER TABLE notifications ADD COLUMN fan_out_ended_at INTEGER;
ALTER TABLE notifications ADD COLUMN completed_at INTEGER;
`;

// Whom a notification leaves out is asked while it goes out, and what recipients have as values until then: neither stayed away by itself.
export const LISTS_THAT_STAYED = `
UPDATE notifications SET audience = NULL WHERE audience IS NOT NULL AND fan_out_cursor IS NULL;
DELETE FROM recipient_values WHERE EXISTS
  (SELECT 1 FROM notifications WHERE id = notification_id AND fan_out_cursor IS NULL);
`;

// How many are in lists, by reason, and which lists have one: the lists themselves are long texts, and need not be read for it.
export const REASONS_OF_LISTS = `
CREATE INDEX unreached_reason ON unreached (notification_id, reason, id, user_count);
`;
