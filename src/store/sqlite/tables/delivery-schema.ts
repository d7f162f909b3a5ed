/** Steps of the schema: of subscriptions, notifications and deliveries. `schema.ts` has all steps in order. */

// Columns for what is queried, JSON for what is only carried: all-JSON cost 40 % more file and 10x on counts.
export const FIRST_VERSION = `
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

export const FACTS = `
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
`;

export const LANES_AND_QUARANTINE = `
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
export const SMALL_AUDIENCES = `
ALTER TABLE notifications ADD COLUMN user_ids TEXT;
`;

// Which of a user's rows were not registered again for longest.
export const IDLENESS = `
CREATE INDEX subscriptions_user_idle ON subscriptions (user_id, updated_at, id) WHERE retired_at IS NULL;
CREATE INDEX subscriptions_user_retired ON subscriptions (user_id, updated_at, id) WHERE retired_at IS NOT NULL;
`;

// Few rows at any time: whether another push to a subscription is under way is asked with each claim.
export const PUSHES_UNDER_WAY = `
CREATE INDEX deliveries_sending ON deliveries (subscription_id, due_at) WHERE state = 'sending';
`;

// Ids begin with the time of their notification, so this one is in the order of time, and no claim or settlement touches it.
// Measured: some 12 microseconds of one core more for each delivery, of the 60 that its row takes in its whole life.
export const DELIVERIES_OF_A_USER = `
CREATE INDEX deliveries_user ON deliveries (user_id, id);
CREATE INDEX deliveries_failed_user ON deliveries (user_id, ended_at, id) WHERE state = 'failed';
`;

// Dead letters are few, and found by what they are chosen by. A push that is delivered writes neither index.
export const DEAD_KINDS = `
ALTER TABLE deliveries ADD COLUMN dead_kind TEXT;
UPDATE deliveries SET dead_kind = json_array(
    reason, origin, (SELECT type FROM notifications WHERE id = notification_id), json_extract(attempts, '$[#-1].remedy')
  ) WHERE state = 'failed';
CREATE INDEX deliveries_dead_kind ON deliveries (dead_kind, ended_at, id) WHERE state = 'failed';
CREATE INDEX deliveries_dead_of ON deliveries (notification_id, dead_kind, id) WHERE state = 'failed';
`;
