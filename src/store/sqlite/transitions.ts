import { type Delivery, isWaiting } from '../../domain/delivery.ts';
import type { Notification } from '../../domain/notification.ts';
import type { Claim, Claimed, DeliveryStore, Postponement, Settlement } from '../delivery-store.ts';
import { readDelivery, updateDelivery } from './delivery-rows.ts';
import type { Database } from './driver.ts';
import { type GroupCommit, MAX_ROWS_PER_COMMIT } from './group-commit.ts';
import { completeIfFinal, readNotification, reopenNotification } from './notification-rows.ts';
import { changeSubscription, readSubscription } from './subscription-rows.ts';

/** The hot path: what a worker does to deliveries. */
export function sqliteTransitions(
  database: Database,
  commits: GroupCommit,
): Pick<DeliveryStore, 'claimMany' | 'settleMany' | 'postponeMany'> {
  return {
    claimMany: (claims) => inChunks(claims, (chunk) => commits.write(chunk.length, () => claimAll(database, chunk))),
    settleMany: (settlements) =>
      inChunks(settlements, (chunk) => commits.write(chunk.length, () => settleAll(database, chunk))),
    async postponeMany(postponements) {
      await inChunks(postponements, (chunk) => commits.write(chunk.length, () => postponeAll(database, chunk)));
    },
  };
}

/** The places of a batch stand each on its own, so a long one need not hold up the event loop in a single commit. */
async function inChunks<Item, Result>(
  items: readonly Item[],
  work: (chunk: readonly Item[]) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  const chunks: Promise<readonly Result[]>[] = [];
  for (let start = 0; start < items.length; start += MAX_ROWS_PER_COMMIT) {
    chunks.push(work(items.slice(start, start + MAX_ROWS_PER_COMMIT)));
  }
  return (await Promise.all(chunks)).flat();
}

function claimAll(database: Database, claims: readonly Claim[]): (Claimed | null)[] {
  // A batch is often one notification's, and its content is JSON of up to 4 kB.
  const notifications = new Map<string, Notification | null>();
  const notificationOf = (id: string): Notification | null => {
    const known = notifications.get(id);
    if (known !== undefined) return known;
    const read = readNotification(database, id);
    notifications.set(id, read);
    return read;
  };
  return claims.map((claim) => claimOne(database, claim, notificationOf));
}

function claimOne(
  database: Database,
  { deliveryId, attempt, nowMs, leaseUntilMs }: Claim,
  notificationOf: (id: string) => Notification | null,
): Claimed | null {
  const before = readDelivery(database, deliveryId);
  if (before === null || !isWaiting(before.state) || before.attemptCount !== attempt - 1) return null;
  const notification = notificationOf(before.notificationId);
  if (notification === null) return null;
  database.run(
    `UPDATE deliveries SET state = 'sending', version = version + 1, attempt_count = ?, claimed_at = ?, due_at = ?
     WHERE id = ?`,
    [attempt, nowMs, leaseUntilMs, deliveryId],
  );
  const subscription = readSubscription(database, before.subscriptionId);
  const isSuperseded = before.topic !== null && hasNewer(database, before);
  return { before, version: before.version + 1, notification, subscription, isSuperseded };
}

/** ULIDs sort by time, and so do the notifications they name. */
function hasNewer(database: Database, { subscriptionId, topic, notificationId }: Delivery): boolean {
  const newer = database.first(
    'SELECT 1 FROM deliveries WHERE subscription_id = ? AND topic = ? AND notification_id > ? LIMIT 1',
    [subscriptionId, topic, notificationId],
  );
  return newer !== undefined;
}

function postponeAll(database: Database, postponements: readonly Postponement[]): readonly number[] {
  return postponements.map(({ deliveryId, attempt, untilMs }) =>
    database.run(
      `UPDATE deliveries SET due_at = ?, version = version + 1
       WHERE id = ? AND state IN ('pending', 'retrying') AND attempt_count = ?`,
      [untilMs, deliveryId, attempt - 1],
    ),
  );
}

function settleAll(database: Database, settlements: readonly Settlement[]): boolean[] {
  const ended = new Set<string>();
  const reopened = new Set<string>();
  const kept = settlements.map(({ version, after, change }) => {
    if (!updateDelivery(database, version, after)) return false;
    if (change !== null) changeSubscription(database, change);
    (after.dueAtMs === null ? ended : reopened).add(after.notificationId);
    return true;
  });
  for (const id of reopened) reopenNotification(database, id);
  for (const id of ended) completeIfFinal(database, id);
  return kept;
}
