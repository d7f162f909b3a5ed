import type { Claim } from '../../../domain/delivery/claim.ts';
import { isFinal, WAITING_STATES } from '../../../domain/delivery/delivery.ts';
import type { Settlement } from '../../../domain/delivery/settlement.ts';
import { deliveryFailed } from '../../../domain/event/event-drafts.ts';
import { touchedBy } from '../../../domain/notification/status.ts';
import type { DeliveryStore, Postponement } from '../../delivery-store.ts';
import { outboxOf } from '../event/outbox.ts';
import { MAX_ROWS_PER_COMMIT } from '../file/commit.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { giveCapBack } from '../notification/caps.ts';
import { isIn, settleDelivery } from '../tables/delivery-rows.ts';
import { completeIfFinal, reopenNotification } from '../tables/notification-rows.ts';
import { changeSubscription } from '../tables/subscription-rows.ts';
import { claimAll } from './claims.ts';

/**
 * The hot path: what a worker does to deliveries. A settlement is the record of a push that was sent, so it is durable
 * before anybody is told. A claim that a loss of power undoes leaves the delivery waiting as it was, and so it need only
 * outlive the process (docs/decisions/0014-claims-outlive-the-process.md).
 */
export function sqliteTransitions(
  database: Database,
  commits: GroupCommit,
): Pick<DeliveryStore, 'claimMany' | 'settleMany' | 'postponeMany'> {
  const claim = commits.writesOf('committed', (claims: readonly Claim[]) => claimAll(database, claims));
  const settle = commits.writesOf('durable', (all: readonly Settlement[]) => settleAll(database, all));
  const postpone = commits.writesOf('committed', (all: readonly Postponement[]) => postponeAll(database, all));
  return {
    claimMany: (claims) => inChunks(claims, claim),
    settleMany: (settlements) => inChunks(settlements, settle),
    async postponeMany(postponements) {
      await inChunks(postponements, postpone);
    },
  };
}

/** The places of a batch stand each on its own, so a long one need not hold up the event loop in a single commit. */
async function inChunks<Item, Result>(
  items: readonly Item[],
  work: (chunk: readonly Item[]) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  if (items.length <= MAX_ROWS_PER_COMMIT) return items.length === 0 ? [] : work(items);
  const chunks: Promise<readonly Result[]>[] = [];
  for (let start = 0; start < items.length; start += MAX_ROWS_PER_COMMIT) {
    chunks.push(work(items.slice(start, start + MAX_ROWS_PER_COMMIT)));
  }
  return (await Promise.all(chunks)).flat();
}

function postponeAll(database: Database, postponements: readonly Postponement[]): readonly number[] {
  return postponements.map(({ deliveryId, attempt, untilMs }) =>
    database.run(
      `UPDATE deliveries SET due_at = ?, version = version + 1
       WHERE id = ? AND ${isIn(WAITING_STATES)} AND attempt_count = ?`,
      [untilMs, deliveryId, attempt - 1],
    ),
  );
}

function settleAll(database: Database, settlements: readonly Settlement[]): boolean[] {
  const kept = settlements.map((settlement) => {
    const { after, change } = settlement;
    if (!settleDelivery(database, settlement)) return false;
    if (after.state === 'failed') outboxOf(database).add(deliveryFailed(after));
    if (change !== null) changeSubscription(database, change);
    if (isFinal(after.state) && after.state !== 'delivered') giveCapBack(database, after);
    return true;
  });
  const { open, perhapsCompleted } = touchedBy(settlements.filter((_, index) => kept[index]));
  for (const id of open) reopenNotification(database, id);
  for (const id of perhapsCompleted) completeIfFinal(database, id);
  return kept;
}
