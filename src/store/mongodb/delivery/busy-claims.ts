import { type Claim, sends } from '../../../domain/delivery/claim.ts';
import type { Collections } from '../collections/collections.ts';
import type { DeliveryDocument } from '../collections/delivery-document.ts';
import { SENDING_TO_SUBSCRIPTIONS } from '../collections/delivery-queries.ts';
import { optionsOf } from '../collections/named-query.ts';
import { writeToken } from '../server/write-token.ts';
import { bookOf } from '../tally/ledger.ts';
import { writeAll } from './conditional-writes.ts';
import type { Leases } from './leases.ts';

/** A delivery as it was before it was claimed. */
export type Candidate = { readonly document: DeliveryDocument; readonly claim: Claim };

/**
 * Gives those claims back to whose subscription another push is under way, and tells which they were. A claim is written
 * before this looks: of two processes that claim at the same time the later to write sees the other, so that never both
 * send. Both may see the other; then both give back, and come again at times of their own.
 */
export async function giveBackBusy(
  collections: Collections,
  leases: Leases,
  claimed: readonly Candidate[],
): Promise<readonly Claim[]> {
  const toSend = claimed.filter(({ document, claim }) => sends(document, claim));
  if (toSend.length === 0) return [];
  const others = await sendingBeside(collections, toSend);
  const busy = toSend.filter(({ document, claim }) => (others.get(document.subscriptionId) ?? 0) > claim.nowMs);
  await giveBack(collections, leases, busy);
  return busy.map(({ claim }) => claim);
}

/** The end of the last lease of other deliveries, by subscription. */
async function sendingBeside(
  { deliveries }: Collections,
  claimed: readonly Candidate[],
): Promise<ReadonlyMap<string, number>> {
  const own = new Set(claimed.map(({ document }) => document._id));
  const filter = SENDING_TO_SUBSCRIPTIONS.filter([...new Set(claimed.map(({ document }) => document.subscriptionId))]);
  const sending = await deliveries.find(filter, optionsOf(SENDING_TO_SUBSCRIPTIONS)).toArray();
  const untilMs = new Map<string, number>();
  for (const { _id, subscriptionId, dueAtMs } of sending) {
    if (!own.has(_id)) untilMs.set(subscriptionId, Math.max(untilMs.get(subscriptionId) ?? 0, dueAtMs ?? 0));
  }
  return untilMs;
}

/** As it was, but for its version. Should this fail, the lease ends by itself. */
export async function giveBack(collections: Collections, leases: Leases, busy: readonly Candidate[]): Promise<void> {
  const writes = busy.map(({ document: { _id, version, state, attemptCount, claimedAtMs, dueAtMs, priority } }) => ({
    id: _id,
    version: version + 1,
    token: writeToken(),
    set: { state, attemptCount, claimedAtMs, dueAtMs },
    isShort: true,
    priority,
  }));
  const isWon = await writeAll(collections, writes);
  for (const { id, token, set, priority } of writes) {
    if (isWon(id, token)) bookOf(collections).moved(priority, 'sending', set.state);
  }
  for (const { document } of busy) leases.end(document.notificationId, document._id);
}
