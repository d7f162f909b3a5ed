/** Steps of the schema: of operators, and of what they see and start. `schema.ts` has all steps in order. */

export const OPERATORS = `
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
export const TALLIES = `
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

export const AUDIT = `
CREATE TABLE audit (seq INTEGER PRIMARY KEY, who TEXT, action TEXT NOT NULL, target TEXT, entry TEXT NOT NULL) STRICT;
CREATE INDEX audit_who ON audit (who, seq);
CREATE INDEX audit_action ON audit (action, seq);
CREATE INDEX audit_target ON audit (target, seq);
`;

// The number is the place among all events. The last one is never deleted, so no number is given twice.
export const EVENTS = `
CREATE TABLE events (
  sequence INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  at INTEGER NOT NULL,
  data TEXT NOT NULL
) STRICT;
`;

// Each is read whole; what is asked for has columns.
export const WEBHOOKS = `
CREATE TABLE webhook_endpoints (id TEXT PRIMARY KEY, version INTEGER NOT NULL, endpoint TEXT NOT NULL) STRICT;
CREATE TABLE webhook_deliveries (
  id TEXT PRIMARY KEY,
  endpoint_id TEXT NOT NULL,
  state TEXT NOT NULL,
  due_at INTEGER,
  ended_at INTEGER,
  version INTEGER NOT NULL,
  delivery TEXT NOT NULL
) STRICT;
CREATE INDEX webhook_deliveries_listed ON webhook_deliveries (endpoint_id, id);
CREATE INDEX webhook_deliveries_state ON webhook_deliveries (endpoint_id, state, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (ended_at) WHERE ended_at IS NOT NULL;
`;

// What an action is about is read whole; which one has its turn, by its column.
export const BULK_ACTIONS = `
CREATE TABLE bulk_actions (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  is_under_way INTEGER NOT NULL,
  action TEXT NOT NULL
) STRICT;
CREATE INDEX bulk_actions_under_way ON bulk_actions (id) WHERE is_under_way = 1;
`;

// By which a repeated call finds the first one's action, and the sweeper those that ended long ago.
export const BULK_ACTION_CLAIMS = `
ALTER TABLE bulk_actions ADD COLUMN claim_key TEXT;
ALTER TABLE bulk_actions ADD COLUMN ended_at INTEGER;
UPDATE bulk_actions SET ended_at = json_extract(action, '$.endedAtMs');
CREATE UNIQUE INDEX bulk_actions_claim ON bulk_actions (claim_key) WHERE claim_key IS NOT NULL;
CREATE INDEX bulk_actions_ended ON bulk_actions (ended_at) WHERE ended_at IS NOT NULL;
`;

// One row for each person who was erased, which names nobody once the work is done.
export const ERASURES = `
CREATE TABLE erasures (
  id TEXT PRIMARY KEY,
  user_digest TEXT NOT NULL,
  version INTEGER NOT NULL,
  due_at INTEGER,
  is_to_find INTEGER NOT NULL,
  erasure TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX erasures_user_digest ON erasures (user_digest);
CREATE INDEX erasures_due ON erasures (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX erasures_to_find ON erasures (id) WHERE is_to_find = 1;
`;
