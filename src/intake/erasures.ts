import { randomBytes, timingSafeEqual } from 'node:crypto';
import { AppError } from '../domain/app-error.ts';
import {
  ERASURE_KEY_FACT,
  keyIdOf,
  type ReceiptFacts,
  receiptSignature,
  userDigestOf,
} from '../domain/erasure/digests.ts';
import { begunErasure, type Erasure, wantedErasure } from '../domain/erasure/erasure.ts';
import { erasureId } from '../domain/ids.ts';
import type { Page, PageRequest } from '../store/page.ts';
import type { Store } from '../store/store.ts';
import { type ErasingParts, erasedOn, heldErasure, newAlias } from './erasing.ts';

/** What a receipt says, and what proves that this installation said it. */
export type ErasureReceipt = ReceiptFacts & { readonly signature: string };

/** As much of an erasure as a list has, that is kept apart from the store. */
type ListedErasure = Pick<Erasure, 'id' | 'userDigest' | 'untilMs'>;

export type ErasureView = { readonly erasure: Erasure; readonly receipt: ErasureReceipt | null };

export type Erasures = {
  /** Erases all that is there of a user. Resolves when it is done, or soon: then it goes on in the background. */
  erase(userId: string): Promise<ErasureView>;
  get(id: string): Promise<ErasureView>;
  /** `isOfUser` null: nobody was named. */
  verify(
    receipt: ErasureReceipt,
    userId: string | null,
  ): Promise<{ readonly isGenuine: boolean; readonly isOfUser: boolean | null }>;
  /** All, in order of id: what somebody keeps apart from the store. */
  list(page: PageRequest): Promise<Page<Erasure>>;
  /** By which a list is known as one of this installation. */
  keyId(): Promise<string>;
  /** Has those erased again who are in a list and still, or again, in this store. How many it did not know. Refuses another key. */
  apply(list: readonly ListedErasure[], keyId: string): Promise<number>;
};

export type ErasuresOptions = ErasingParts & {
  /** Called when there is something to do. */
  readonly onErasure: () => void;
};

/** A caller waits no longer than this, but for the part that is being done then. */
const WAIT_MS = 2000;

/** Erasing people: what is begun here is gone on with by a loop, wherever it stopped. */
export function createErasures(options: ErasuresOptions): Erasures {
  const { store, clock, random, onErasure } = options;
  const { erasures } = store;
  const key = keyOf(store);
  const viewOf = async (erasure: Erasure): Promise<ErasureView> => {
    const { id, userDigest, result } = erasure;
    if (result === null) return { erasure, receipt: null };
    const facts = { id, userDigest, ...result };
    return { erasure, receipt: { ...facts, signature: receiptSignature(await key(), facts) } };
  };
  return {
    async erase(userId) {
      const nowMs = clock.now();
      const person = { userId, alias: newAlias(random), untilMs: nowMs };
      const begun = (kept: Erasure): Erasure => heldErasure(begunErasure(kept, person, nowMs), nowMs);
      const userDigest = userDigestOf(await key(), userId);
      const first = wantedErasure({ id: erasureId(nowMs, random), userDigest, untilMs: nowMs });
      let erasure = await erasures.begin(begun(first), begun);
      while (erasure.run !== null && clock.now() < nowMs + WAIT_MS) erasure = await erasedOn(options, erasure);
      if (erasure.run !== null) {
        await erasures.update({ ...erasure, run: { ...erasure.run, dueAtMs: clock.now() } });
        onErasure();
      }
      return viewOf(erasure);
    },
    async get(id) {
      const erasure = await erasures.get(id);
      if (erasure === null) throw new AppError('erasure_not_found', 'There is no erasure with this id.');
      return viewOf(erasure);
    },
    async verify({ signature, ...facts }, userId) {
      const [expected, given] = [receiptSignature(await key(), facts), signature].map((text) => Buffer.from(text));
      const isGenuine = expected !== undefined && expected.length === given?.length && timingSafeEqual(expected, given);
      const isOfUser = userId === null ? null : isGenuine && userDigestOf(await key(), userId) === facts.userDigest;
      return { isGenuine, isOfUser };
    },
    list: (page) => erasures.list(page),
    keyId: async () => keyIdOf(await key()),
    async apply(list, keyId) {
      if (keyId !== keyIdOf(await key())) throw new AppError('erasure_key_unknown', OTHER_KEY);
      const added = await erasures.addWanted(list.map(wantedErasure));
      if (added > 0) onErasure();
      return added;
    },
  };
}

const OTHER_KEY =
  'This list was made with another key: it is of another installation, or this store was restored from a backup that is older than the ' +
  'key. Erase those users by their names.';

/** The one that was kept first: stores make it when they are opened. */
function keyOf({ facts }: Pick<Store, 'facts'>): () => Promise<string> {
  let kept: string | null = null;
  return async () => {
    kept ??= await facts.keep(ERASURE_KEY_FACT, randomBytes(32).toString('base64url'));
    return kept;
  };
}
