import type { Erasure } from '../../../domain/erasure/erasure.ts';
import { idsAfter } from '../../../domain/ids.ts';
import { decodeName, encodeName, toPage } from '../../cursor.ts';
import type { ErasureStore } from '../../erasure-store.ts';
import type { Database } from '../file/driver.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import type { FanOutMemory } from '../notification/fan-out-memory.ts';
import { deleteSubscriptions } from '../tables/subscription-rows.ts';
import { emptyContents } from './contents.ts';
import type { ErasedMemory } from './erased-memory.ts';
import { keepInList } from './list.ts';
import { addWanted, insertErasure, readErasures, updateErasure } from './rows.ts';
import { detach, ERASERS } from './traces.ts';
import { userIdsFrom } from './user-ids.ts';

/** What a page of a step writes at most, about. */
const ROWS_OF_A_PAGE = 100;

type Memories = { readonly fanOuts: FanOutMemory; readonly erased: ErasedMemory };

export function sqliteErasures(database: Database, commits: GroupCommit, memories: Memories): ErasureStore {
  const first = async (rest: string, values: readonly (string | number)[] = []): Promise<Erasure | null> =>
    (await commits.read(() => readErasures(database, rest, values)))[0] ?? null;
  return {
    begin: (erasure, again) => begin(database, commits, memories, { erasure, again }),
    get: (id) => first('WHERE id = ?', [id]),
    list: async ({ cursor, limit }) => {
      const rest = 'WHERE id > ? ORDER BY id LIMIT ?';
      const rows = await commits.read(() => readErasures(database, rest, [decodeName(cursor), limit + 1]));
      return toPage(
        rows,
        limit,
        (one) => one,
        ({ id }) => encodeName(id),
      );
    },
    addWanted: (wanted) => commits.erase(wanted.length, () => addWanted(database, wanted)),
    due: (nowMs) => first('WHERE due_at <= ? ORDER BY due_at LIMIT 1', [nowMs]),
    toFind: (limit) => commits.read(() => readErasures(database, 'WHERE is_to_find = 1 ORDER BY id LIMIT ?', [limit])),
    update: (erasure) => commits.erase(1, () => updateErasure(database, erasure)),
    erasePage: (step, person, cursor) => commits.erase(ROWS_OF_A_PAGE, () => ERASERS[step](database, person, cursor)),
    detach: (ids, person) => commits.erase(ids.length, () => detach(database, ids, person)),
    emptyContents: (ids) => commits.erase(ids.length, () => emptyContents(database, ids)),
    deleteSubscriptions: ({ userId, untilMs }, limit) =>
      commits.erase(limit, () => {
        const some = 'id IN (SELECT id FROM subscriptions WHERE user_id = ? AND id < ? ORDER BY id LIMIT ?)';
        return deleteSubscriptions(database, some, [userId, idsAfter('subscription', untilMs), limit]);
      }),
    userIds: (cursor) => commits.read(() => userIdsFrom(database, cursor)),
  };
}

type Beginning = { readonly erasure: Erasure; readonly again: (kept: Erasure) => Erasure };

/** In the list beside the store first: whatever dies then, a store that is restored later has it to do. */
async function begin(
  database: Database,
  commits: GroupCommit,
  { fanOuts, erased }: Memories,
  { erasure, again }: Beginning,
): Promise<Erasure> {
  for (;;) {
    const ofDigest = () => readErasures(database, 'WHERE user_digest = ?', [erasure.userDigest])[0] ?? null;
    const kept = await commits.read(ofDigest);
    const next = kept === null ? erasure : again(kept);
    keepInList(database, next);
    const isKept = await commits.erase(1, () =>
      kept === null ? insertErasure(database, next) : updateErasure(database, next),
    );
    if (!isKept) continue;
    // What is remembered of audiences has the person; and so has a page that was read and is not yet committed.
    fanOuts.forget();
    if (next.run !== null) erased.note({ ...next.run, untilMs: next.untilMs });
    return kept === null ? next : { ...next, version: next.version + 1 };
  }
}
