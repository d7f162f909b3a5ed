import type { Database } from '../../../src/store/sqlite/file/driver.ts';
import { demand } from './violation.ts';

type Endpoint = {
  readonly id: string;
  readonly url: string;
  readonly cursor: number;
  readonly disabled: unknown;
  readonly retryAtMs: number | null;
  readonly leaseUntilMs: number;
};

function enabled(database: Database): readonly Endpoint[] {
  const rows = database.all<{ endpoint: string }>('SELECT endpoint FROM webhook_endpoints');
  return rows.map(({ endpoint }) => JSON.parse(endpoint) as Endpoint).filter(({ disabled }) => disabled === null);
}

function lastSequence(database: Database): number {
  return database.first<{ last: number | null }>('SELECT max(sequence) AS last FROM events')?.last ?? 0;
}

function firstDueMs(database: Database, id: string): number | null {
  const sql = 'SELECT min(due_at) AS due FROM webhook_deliveries WHERE endpoint_id = ? AND due_at IS NOT NULL';
  return database.first<{ due: number | null }>(sql, [id])?.due ?? null;
}

/** When somebody has to look at a webhook endpoint next: by its deliveries, and not by what it says of them. */
export function nextWebhookDueMs(database: Database, nowMs: number): number {
  const last = lastSequence(database);
  return enabled(database).reduce((least, { id, cursor, retryAtMs, leaseUntilMs }) => {
    const dueMs = cursor < last ? nowMs : (firstDueMs(database, id) ?? Number.POSITIVE_INFINITY);
    return Math.min(least, Math.max(dueMs, retryAtMs ?? 0, leaseUntilMs));
  }, Number.POSITIVE_INFINITY);
}

/** No event is left lying on its way to an endpoint that is called. One that refuses now and then has the others wait, and for long. */
export function checkWebhooks(
  database: Database,
  refusedAtMs: ReadonlyMap<string, number>,
  nowMs: number,
  patienceMs: number,
): void {
  for (const { id, url, retryAtMs, leaseUntilMs } of enabled(database)) {
    const dueMs = firstDueMs(database, id);
    if (dueMs === null) continue;
    const lateMs = nowMs - Math.max(dueMs, retryAtMs ?? 0, leaseUntilMs, refusedAtMs.get(url) ?? 0);
    demand('webhooks', lateMs < patienceMs, () => `a delivery to ${id} is due since ${lateMs} ms, and nobody sends it`);
  }
}

/** What is said to be delivered was taken by its receiver. */
export function checkTaken(database: Database, taken: ReadonlyMap<string, ReadonlySet<string>>): void {
  for (const { id, url } of enabled(database)) {
    const rows = database.all<{ delivery: string }>(
      "SELECT delivery FROM webhook_deliveries WHERE endpoint_id = ? AND state = 'delivered'",
      [id],
    );
    for (const { delivery } of rows) {
      const { eventId } = JSON.parse(delivery) as { eventId: string };
      const isTrue = taken.get(url)?.has(eventId) === true;
      demand('webhooks', isTrue, () => `${eventId} is delivered to ${id}, and its receiver has not had it`);
    }
  }
}
