import { webhookDisabledBy } from '../../../domain/event/event-drafts.ts';
import { begunAgain, oldestOf, type WebhookDelivery } from '../../../domain/webhook/webhook-delivery.ts';
import type { WebhookEndpoint } from '../../../domain/webhook/webhook-endpoint.ts';
import { decodeId, LAST_ID, toPage } from '../../cursor.ts';
import type { WaitingEvents, WebhookDeliveryQuery, WebhookStore } from '../../webhook-store.ts';
import { outboxOf } from '../event/outbox.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';

type EndpointRow = { readonly version: number; readonly endpoint: string };
type DeliveryRow = { readonly version: number; readonly delivery: string };

const OPEN_STATES = ['waiting', 'sending'] as const;
const FORGOTTEN_AT_ONCE = 1000;

export function sqliteWebhooks(database: Database, commits: GroupCommit): WebhookStore {
  return {
    add: (endpoint) =>
      commits.write(1, () => {
        const values = [endpoint.id, endpoint.version, JSON.stringify(endpoint)];
        database.run('INSERT INTO webhook_endpoints (id, version, endpoint) VALUES (?, ?, ?)', values);
      }),
    get: (id) => commits.read(() => readEndpoint(database, id)),
    list: () =>
      commits.read(() => database.all<EndpointRow>('SELECT * FROM webhook_endpoints ORDER BY id').map(toEndpoint)),
    update: (endpoint) => commits.write(1, () => update(database, endpoint)),
    delete: (id) =>
      commits.erase(1, () => {
        database.run('DELETE FROM webhook_deliveries WHERE endpoint_id = ?', [id]);
        return database.run('DELETE FROM webhook_endpoints WHERE id = ?', [id]) > 0;
      }),
    addDeliveries: (deliveries, beforeMs) =>
      commits.write(deliveries.length, () => {
        for (const delivery of deliveries) addDelivery(database, delivery, beforeMs);
      }),
    getDelivery: (id) => commits.read(() => readDelivery(database, id)),
    deliveries: (query) => commits.read(() => list(database, query)),
    due: (endpointId, untilMs, limit) =>
      commits.read(() =>
        database
          .all<DeliveryRow>(
            `SELECT version, delivery FROM webhook_deliveries
             WHERE endpoint_id = ? AND due_at IS NOT NULL AND due_at <= ? ORDER BY due_at, id LIMIT ?`,
            [endpointId, untilMs, limit],
          )
          .map(toDelivery),
      ),
    nextDueMs: (endpointId) =>
      commits.read(
        () =>
          database.first<{ due_at: number }>(
            'SELECT due_at FROM webhook_deliveries WHERE endpoint_id = ? AND due_at IS NOT NULL ORDER BY due_at LIMIT 1',
            [endpointId],
          )?.due_at ?? null,
      ),
    waiting: (endpointId, most) => commits.read(() => waiting(database, endpointId, most)),
    settle: (delivery) => commits.write(1, () => settle(database, delivery)),
    forget: (beforeMs) => forget(database, commits, beforeMs),
  };
}

function readEndpoint(database: Database, id: string): WebhookEndpoint | null {
  const row = database.first<EndpointRow>('SELECT * FROM webhook_endpoints WHERE id = ?', [id]);
  return row === undefined ? null : toEndpoint(row);
}

function update(database: Database, endpoint: WebhookEndpoint): boolean {
  const { id, version } = endpoint;
  const before = readEndpoint(database, id);
  if (before === null || before.version !== version) return false;
  const sql = 'UPDATE webhook_endpoints SET version = ?, endpoint = ? WHERE id = ?';
  database.run(sql, [version + 1, JSON.stringify(endpoint), id]);
  if (before.disabled === null) outboxOf(database).add(webhookDisabledBy(endpoint));
  return true;
}

function addDelivery(database: Database, delivery: WebhookDelivery, beforeMs: number | null): void {
  const known = readDelivery(database, delivery.id);
  if (known !== null) {
    if (beforeMs !== null && known.begunAtMs < beforeMs) settle(database, begunAgain(known, delivery.begunAtMs));
    return;
  }
  const { id, endpointId, state, dueAtMs, endedAtMs, version } = delivery;
  database.run(
    // Of an endpoint that was deleted meanwhile none is made: nobody would ever look for it.
    `INSERT INTO webhook_deliveries (id, endpoint_id, state, due_at, ended_at, version, delivery)
     SELECT ?, ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM webhook_endpoints WHERE id = ?)`,
    [id, endpointId, state, dueAtMs, endedAtMs, version, JSON.stringify(delivery), endpointId],
  );
}

function settle(database: Database, delivery: WebhookDelivery): boolean {
  const { id, state, dueAtMs, endedAtMs, version } = delivery;
  const settled = database.run(
    `UPDATE webhook_deliveries SET state = ?, due_at = ?, ended_at = ?, version = version + 1, delivery = ?
     WHERE id = ? AND version = ?`,
    [state, dueAtMs, endedAtMs, JSON.stringify(delivery), id, version],
  );
  return settled > 0;
}

/** Ids are in order of time, so the first is the oldest. */
function waiting(database: Database, endpointId: string, most: number): WaitingEvents {
  const { count = 0 } =
    database.first<{ count: number }>(
      `SELECT count(*) AS count FROM
         (SELECT 1 FROM webhook_deliveries WHERE endpoint_id = ? AND due_at IS NOT NULL LIMIT ?)`,
      [endpointId, most],
    ) ?? {};
  const oldest = OPEN_STATES.flatMap((state) =>
    database.all<DeliveryRow>(
      'SELECT version, delivery FROM webhook_deliveries WHERE endpoint_id = ? AND state = ? ORDER BY id LIMIT 1',
      [endpointId, state],
    ),
  );
  return { count, oldestBegunAtMs: oldestOf(oldest.map(toDelivery)) };
}

function readDelivery(database: Database, id: string): WebhookDelivery | null {
  const row = database.first<DeliveryRow>('SELECT version, delivery FROM webhook_deliveries WHERE id = ?', [id]);
  return row === undefined ? null : toDelivery(row);
}

function list(database: Database, { endpointId, state, cursor, limit }: WebhookDeliveryQuery) {
  const before = decodeId(cursor, (id) => id.startsWith('whd_')) ?? LAST_ID;
  const rows = database.all<DeliveryRow>(
    `SELECT version, delivery FROM webhook_deliveries WHERE endpoint_id = ? ${state === null ? '' : 'AND state = ?'} AND id < ?
     ORDER BY id DESC LIMIT ?`,
    [endpointId, ...(state === null ? [] : [state]), before, limit + 1],
  );
  return toPage(rows, limit, toDelivery, ({ id }) => id);
}

async function forget(database: Database, commits: GroupCommit, beforeMs: number): Promise<number> {
  let forgotten = 0;
  for (;;) {
    const gone = await commits.erase(FORGOTTEN_AT_ONCE, () =>
      database.run(
        `DELETE FROM webhook_deliveries WHERE id IN
           (SELECT id FROM webhook_deliveries WHERE ended_at < ? LIMIT ${FORGOTTEN_AT_ONCE})`,
        [beforeMs],
      ),
    );
    forgotten += gone;
    if (gone < FORGOTTEN_AT_ONCE) return forgotten;
  }
}

function toEndpoint({ version, endpoint }: EndpointRow): WebhookEndpoint {
  return { ...(JSON.parse(endpoint) as WebhookEndpoint), version };
}

function toDelivery({ version, delivery }: DeliveryRow): WebhookDelivery {
  return { ...(JSON.parse(delivery) as WebhookDelivery), version };
}
