import { pruneHoldDecided, pruneHoldOpened } from '../../../domain/event/event-drafts.ts';
import type { PruneHold, PruneHoldState } from '../../../domain/pruning/prune-hold.ts';
import { MOST_HOLDS_LISTED, type PruneHoldStore } from '../../prune-hold-store.ts';
import type { Collections } from '../collections/collections.ts';
import { optionsOf } from '../collections/named-query.ts';
import {
  OPEN_PRUNE_HOLD,
  PRUNE_HOLD_BY_ID,
  PRUNE_HOLDS_DECIDED,
  PRUNE_HOLDS_LISTED,
  PRUNE_HOLDS_OF_STATE,
  type PruneHoldDocument,
} from '../collections/prune-hold-queries.ts';
import { outboxOf } from '../event/outbox.ts';
import { duplicateField } from '../server/mongo-error.ts';
import type { Operations } from '../server/operations.ts';

export function mongoPruneHolds(collections: Collections, operations: Operations): PruneHoldStore {
  return {
    open: (hold) => operations.run(() => open(collections, hold)),
    get: (id) => operations.run(() => read(collections, id)),
    list: (state) => operations.run(() => list(collections, state)),
    current: (decidedSinceMs) => operations.run(() => current(collections, decidedSinceMs)),
    decide: (id, state, atMs) =>
      operations.run(async () => {
        const announced = outboxOf(collections).pushing([pruneHoldDecided(id, state, atMs)]);
        const decided = { $set: { state, decidedAtMs: atMs }, ...announced };
        await collections.prune_holds.updateOne({ _id: id, state: 'open' }, decided);
        return read(collections, id);
      }),
  };
}

async function open(collections: Collections, hold: PruneHold): Promise<PruneHold> {
  const { prune_holds: holds } = collections;
  const { id: _id, ...rest } = hold;
  try {
    await holds.insertOne({ _id, ...rest, ...outboxOf(collections).field([pruneHoldOpened(hold)]) });
    return hold;
  } catch (error) {
    if (duplicateField(error) === null) throw error;
    const found = await holds.findOne(OPEN_PRUNE_HOLD.filter(hold), optionsOf(OPEN_PRUNE_HOLD));
    return found === null ? hold : toPruneHold(found);
  }
}

async function read({ prune_holds: holds }: Collections, id: string): Promise<PruneHold | null> {
  const found = await holds.findOne(PRUNE_HOLD_BY_ID.filter(id), optionsOf(PRUNE_HOLD_BY_ID));
  return found === null ? null : toPruneHold(found);
}

async function list({ prune_holds: holds }: Collections, state: PruneHoldState | null): Promise<readonly PruneHold[]> {
  const query = state === null ? PRUNE_HOLDS_LISTED : PRUNE_HOLDS_OF_STATE;
  const filter = state === null ? PRUNE_HOLDS_LISTED.filter(null) : PRUNE_HOLDS_OF_STATE.filter(state);
  const found = await holds.find(filter, { ...optionsOf<never>(query), limit: MOST_HOLDS_LISTED }).toArray();
  return found.map(toPruneHold);
}

async function current({ prune_holds: holds }: Collections, decidedSinceMs: number): Promise<readonly PruneHold[]> {
  const [open, decided] = await Promise.all([
    holds.find(PRUNE_HOLDS_OF_STATE.filter('open'), optionsOf(PRUNE_HOLDS_OF_STATE)).toArray(),
    holds.find(PRUNE_HOLDS_DECIDED.filter(decidedSinceMs), optionsOf(PRUNE_HOLDS_DECIDED)).toArray(),
  ]);
  return [...open, ...decided].map(toPruneHold);
}

function toPruneHold({ _id: id, outbox: _, ...rest }: PruneHoldDocument): PruneHold {
  return { id, ...rest };
}
