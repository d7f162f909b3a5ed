import type { ErasedPage, ErasedPerson, Erasure, ErasureStep } from '../domain/erasure/erasure.ts';
import type { Page, PageRequest } from './page.ts';

/** The steps that a store does by itself; the others are done through the ports of what they are about. */
export type StoredStep = Exclude<ErasureStep, 'schedules' | 'subscriptions' | 'deliveries'>;

/** A part of all user ids that a store has, some of them more than once. `next` goes back as the cursor; null at the end. */
export type UserIdPage = { readonly userIds: readonly string[]; readonly next: string | null };

/** That people were erased, kept for good and naming nobody; and the erasing of what no other port can. */
export interface ErasureStore {
  /**
   * Keeps an erasure where there is none of its user digest, else what `again` makes of the one that is kept. Once it resolves, a page of a
   * fan-out that is committed has no delivery to a device that the person had up to then, in any process.
   */
  begin(erasure: Erasure, again: (kept: Erasure) => Erasure): Promise<Erasure>;
  get(id: string): Promise<Erasure | null>;
  /** In order of id. */
  list(page: PageRequest): Promise<Page<Erasure>>;
  /** Keeps those of whose digest there is none; one that was erased at an earlier instant is to be found again. How many are new. */
  addWanted(wanted: readonly Erasure[]): Promise<number>;
  /** Under way, and nobody’s at this instant: the one that waits longest. */
  due(nowMs: number): Promise<Erasure | null>;
  /** Up to `limit` of those that are to be found, in order of id. */
  toFind(limit: number): Promise<readonly Erasure[]>;
  /** Its row has the version after the one named in it. False where the version had moved on: a late writer loses. */
  update(erasure: Erasure): Promise<boolean>;
  /** Erases a part of what a step is about, from the cursor on. */
  erasePage(step: StoredStep, person: ErasedPerson, cursor: string | null): Promise<ErasedPage>;
  /** Takes the person out of these deliveries: who it was for, and their values. How many had them. */
  detach(deliveryIds: readonly string[], person: ErasedPerson): Promise<number>;
  /** Takes what they say out of those of these notifications that went to one user alone. How many there were. */
  emptyContents(notificationIds: readonly string[]): Promise<number>;
  /** As `SubscriptionStore.deleteOfUser`, of those that were there up to an instant. */
  deleteSubscriptions(person: ErasedPerson, limit: number): Promise<number>;
  /** Goes through all user ids that there are. */
  userIds(cursor: string | null): Promise<UserIdPage>;
}
