import type { Settlement } from '../delivery-store.ts';
import type { Collections } from './collections.ts';
import { completeIfFinal, reopen } from './completion.ts';
import { writeAll } from './conditional-writes.ts';
import { changeTo } from './delivery-document.ts';
import { change } from './subscriptions.ts';
import { writeToken } from './write-token.ts';

/** The same settlement, asked for again because its answer was lost, is known by the same token. */
const tokens = new WeakMap<Settlement, string>();

function tokenOf(settlement: Settlement): string {
  const token = tokens.get(settlement) ?? writeToken();
  tokens.set(settlement, token);
  return token;
}

/** See `DeliveryStore.settleMany`. */
export async function settleAll(collections: Collections, settlements: readonly Settlement[]): Promise<boolean[]> {
  const once = new Set(settlements);
  const isWon = await writeAll(
    collections,
    [...once].map((settlement) => {
      const { version, after } = settlement;
      return { ids: [after.id], version, token: tokenOf(settlement), set: changeTo(after) };
    }),
  );
  // The same settlement twice in one batch counts once.
  const kept = settlements.map(
    (settlement) => once.delete(settlement) && isWon(settlement.after.id, tokenOf(settlement)),
  );
  await follow(
    collections,
    settlements.filter((_, index) => kept[index]),
  );
  return kept;
}

/** What a settlement brings with it. After a crash on the way: the next push finds the subscription gone again, and a read completes the notification. */
async function follow(collections: Collections, settlements: readonly Settlement[]): Promise<void> {
  const ended = new Set<string>();
  const reopened = new Set<string>();
  for (const { after } of settlements) (after.dueAtMs === null ? ended : reopened).add(after.notificationId);
  await Promise.all([
    change(
      collections,
      settlements.flatMap((settlement) => settlement.change ?? []),
    ),
    reopen(collections, [...reopened]),
    ...[...ended].map((id) => completeIfFinal(collections, id)),
  ]);
}
