import type { Clock } from '../../../clock.ts';
import { isFinal } from '../../../domain/delivery/delivery.ts';
import type { Settlement } from '../../../domain/delivery/settlement.ts';
import { deliveryFailed } from '../../../domain/event/event-drafts.ts';
import { touchedBy } from '../../../domain/notification/status.ts';
import type { Collections } from '../collections/collections.ts';
import { changeTo } from '../collections/delivery-document.ts';
import { outboxOf } from '../event/outbox.ts';
import { noteToCount } from '../experiment/marks.ts';
import { giveCapsBack } from '../notification/caps.ts';
import { completeIfFinal, reopen } from '../notification/completion.ts';
import { writeToken } from '../server/write-token.ts';
import { change } from '../subscription/subscriptions.ts';
import { bookOf } from '../tally/ledger.ts';
import { writeAll } from './conditional-writes.ts';
import { kindsOf } from './dead-letters.ts';
import type { Leases } from './leases.ts';

/** Entries of a log, of which each has a part of a push service’s answer. */
const MOST_SHORT = 4;

/** What this process knows without asking. */
type Memory = { readonly leases: Leases; readonly clock: Clock };

/** The same settlement, asked for again because its answer was lost, is known by the same token. */
const tokens = new WeakMap<Settlement, string>();

function tokenOf(settlement: Settlement): string {
  const token = tokens.get(settlement) ?? writeToken();
  tokens.set(settlement, token);
  return token;
}

/** See `DeliveryStore.settleMany`. */
export async function settleAll(
  collections: Collections,
  memory: Memory,
  settlements: readonly Settlement[],
): Promise<boolean[]> {
  const once = new Set(settlements);
  const kinds = await kindsOf(
    collections,
    [...once].map(({ after }) => after),
  );
  const isWon = await writeAll(
    collections,
    [...once].map((settlement) => {
      const { version, after } = settlement;
      const isShort = after.attempts.length + after.replays.length <= MOST_SHORT;
      const write = {
        id: after.id,
        version,
        token: tokenOf(settlement),
        set: changeTo(after, kinds.get(after.id)),
        isShort,
      };
      return after.state === 'failed' ? { ...write, push: outboxOf(collections).push([deliveryFailed(after)]) } : write;
    }),
  );
  // The same settlement twice in one batch counts once.
  const kept = settlements.map(
    (settlement) => once.delete(settlement) && isWon(settlement.after.id, tokenOf(settlement)),
  );
  countOnce(
    collections,
    settlements.filter((_, index) => kept[index]),
  );
  for (const { after } of settlements) memory.leases.end(after.notificationId, after.id);
  await follow(collections, memory, {
    kept: settlements.filter((_, index) => kept[index]),
    lost: settlements.filter((_, index) => !kept[index]),
  });
  return kept;
}

const counted = new WeakSet<Settlement>();

/** Also where what follows a settlement fails, and it is asked for again. */
function countOnce(collections: Collections, kept: readonly Settlement[]): void {
  const book = bookOf(collections);
  for (const settlement of kept) {
    if (!counted.has(settlement)) book.settled(settlement);
    counted.add(settlement);
  }
}

type Answered = { readonly kept: readonly Settlement[]; readonly lost: readonly Settlement[] };

/**
 * What a settlement brings with it. After a crash on the way: the next push finds the subscription gone again, and a read
 * completes the notification. Whoever settled what was lost here may have left it to this process to look.
 */
async function follow(collections: Collections, { leases, clock }: Memory, { kept, lost }: Answered): Promise<void> {
  const { open, perhapsCompleted } = touchedBy(kept);
  noteToCount(
    collections,
    kept.map(({ after }) => after).filter(({ state }) => state === 'delivered'),
  );
  const nowMs = clock.now();
  const toLookAt = [...new Set([...lost.map(({ after }) => after.notificationId), ...perhapsCompleted])];
  const unleased = toLookAt.filter((id) => !leases.hasAny(id, nowMs));
  await Promise.all([
    change(
      collections,
      kept.flatMap((settlement) => settlement.change ?? []),
    ),
    reopen(collections, [...open]),
    giveCapsBack(
      collections,
      kept.map(({ after }) => after).filter(({ state }) => isFinal(state) && state !== 'delivered'),
    ),
    ...unleased.map((id) => completeIfFinal(collections, id)),
  ]);
}
