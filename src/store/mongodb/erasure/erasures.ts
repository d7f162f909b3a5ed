import { setTimeout } from 'node:timers/promises';
import type { Erasure } from '../../../domain/erasure/erasure.ts';
import { idsAfter } from '../../../domain/ids.ts';
import { decodeName, encodeName, toPage } from '../../cursor.ts';
import type { ErasureStore } from '../../erasure-store.ts';
import type { Collections } from '../collections/collections.ts';
import {
  ERASURE_BY_ID,
  ERASURE_OF_DIGEST,
  ERASURES_DUE,
  ERASURES_LISTED,
  ERASURES_TO_FIND,
} from '../collections/erasure-queries.ts';
import { optionsOf } from '../collections/named-query.ts';
import { duplicateField } from '../server/mongo-error.ts';
import type { Operations } from '../server/operations.ts';
import { deleteOfUser } from '../subscription/subscriptions.ts';
import { emptyContents } from './contents.ts';
import { type Begun, toErasure, toErasureDocument, updateErasure } from './documents.ts';
import { erasureKeyOf, HEEDED_AFTER_MS } from './erased-lately.ts';
import { detach, ERASERS } from './traces.ts';
import { userIdsFrom } from './user-ids.ts';

export function mongoErasures(collections: Collections, operations: Operations): ErasureStore {
  const { erasures } = collections;
  const run = operations.run;
  return {
    begin: async (erasure, again) => {
      const kept = await run(() => begin(collections, erasure, again));
      await setTimeout(HEEDED_AFTER_MS);
      return kept;
    },
    get: (id) =>
      run(async () => erasureOrNull(await erasures.findOne(ERASURE_BY_ID.filter(id), optionsOf(ERASURE_BY_ID)))),
    list: ({ cursor, limit }) =>
      run(async () => {
        const options = { ...optionsOf(ERASURES_LISTED), limit: limit + 1 };
        const found = await erasures.find(ERASURES_LISTED.filter(decodeName(cursor)), options).toArray();
        return toPage(found, limit, toErasure, ({ id }) => encodeName(id));
      }),
    addWanted: (wanted) => operations.runLong(() => addWanted(collections, wanted)),
    due: (nowMs) =>
      run(async () => erasureOrNull(await erasures.findOne(ERASURES_DUE.filter(nowMs), optionsOf(ERASURES_DUE)))),
    toFind: (limit) =>
      run(async () => {
        const options = { ...optionsOf(ERASURES_TO_FIND), limit };
        return (await erasures.find(ERASURES_TO_FIND.filter(null), options).toArray()).map(toErasure);
      }),
    update: (erasure) => run(() => updateErasure(collections, erasure)),
    erasePage: (step, person, cursor) => operations.runLong(() => ERASERS[step](collections, person, cursor)),
    detach: (ids, person) => run(() => detach(collections, ids, person)),
    emptyContents: (ids) => run(() => emptyContents(collections, ids)),
    deleteSubscriptions: ({ userId, untilMs }, limit) =>
      run(() => deleteOfUser(collections, userId, limit, idsAfter('subscription', untilMs))),
    userIds: (cursor) => operations.runLong(() => userIdsFrom(collections, cursor)),
  };
}

/** At the start, so that each dump of the database has it. */
export async function keepErasureKey(collections: Collections): Promise<void> {
  await erasureKeyOf(collections);
}

function erasureOrNull(document: Parameters<typeof toErasure>[0] | null): Erasure | null {
  return document === null ? null : toErasure(document);
}

async function begin(collections: Collections, erasure: Erasure, again: (kept: Erasure) => Erasure): Promise<Erasure> {
  for (;;) {
    const kept = await ofDigest(collections, erasure.userDigest);
    if (kept === null) {
      if (await insertOnce(collections, erasure, { begunAtMs: Date.now() })) return erasure;
      continue;
    }
    const next = again(kept);
    if (await updateErasure(collections, next, { begunAtMs: Date.now() }))
      return { ...next, version: next.version + 1 };
  }
}

async function ofDigest({ erasures }: Collections, userDigest: string): Promise<Erasure | null> {
  return erasureOrNull(await erasures.findOne(ERASURE_OF_DIGEST.filter(userDigest), optionsOf(ERASURE_OF_DIGEST)));
}

async function insertOnce({ erasures }: Collections, erasure: Erasure, begun: Begun = null): Promise<boolean> {
  try {
    await erasures.insertOne(toErasureDocument(erasure, begun));
    return true;
  } catch (error) {
    if (duplicateField(error) === null) throw error;
    return false;
  }
}

async function addWanted(collections: Collections, wanted: readonly Erasure[]): Promise<number> {
  let added = 0;
  for (const erasure of wanted) {
    for (let isKept = false; !isKept; ) {
      const kept = await ofDigest(collections, erasure.userDigest);
      if (kept !== null && kept.untilMs >= erasure.untilMs) break;
      isKept =
        kept === null
          ? await insertOnce(collections, erasure)
          : await updateErasure(collections, { ...kept, untilMs: erasure.untilMs, isToFind: true });
      added += isKept ? 1 : 0;
    }
  }
  return added;
}
