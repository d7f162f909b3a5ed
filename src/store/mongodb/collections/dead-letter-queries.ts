import type { DeadKind } from '../../../domain/delivery/dead-kind.ts';
import { ofNotification } from './delivery-ids.ts';
import type { NamedQuery, StoreIndex } from './named-query.ts';
import { type Span, within } from './span.ts';

const FAILED: StoreIndex = { name: 'failed', key: { endedAtMs: -1, _id: -1 }, only: { state: 'failed' } };
const FAILED_USER: StoreIndex = {
  name: 'failed_user',
  key: { userId: 1, endedAtMs: -1, _id: -1 },
  only: { state: 'failed' },
};
/** What is told from an index alone has the state in it, though it is always the same. */
const DEAD_KIND: StoreIndex = {
  name: 'dead_kind',
  key: { deadKind: 1, state: 1, endedAtMs: -1, _id: -1 },
  only: { state: 'failed' },
};
const DEAD_OF: StoreIndex = {
  name: 'dead_of',
  key: { notificationId: 1, deadKind: 1, state: 1, _id: 1 },
  only: { state: 'failed' },
};

export const DEAD_LETTER_INDEXES = [FAILED, FAILED_USER, DEAD_KIND, DEAD_OF];

/** Whose, of which notification and time, and how far on. */
export type DeadLetterPlace = {
  readonly userId: string | null;
  readonly notificationId: string | null;
  readonly span: Span;
  readonly afterId: string | null;
};

type OfKinds = DeadLetterPlace & { readonly kinds: readonly DeadKind[] };

/** A condition that is not needed would have the document read that the index spares. */
function inTime(span: Span) {
  const { fromMs, untilMs, after } = span;
  return fromMs === null && untilMs === null && after === null ? {} : within('endedAtMs', span);
}

export const DEAD_LETTERS: NamedQuery<Span> = {
  name: 'dead letters',
  collection: 'deliveries',
  purpose: 'a page of the failed ones; newest first',
  index: FAILED,
  filter: (span) => ({ state: 'failed', ...within('endedAtMs', span) }),
  sort: { endedAtMs: -1, _id: -1 },
};

type OfUser = { readonly userId: string; readonly span: Span; readonly kinds: readonly DeadKind[] | null };

export const DEAD_LETTERS_OF_USER: NamedQuery<OfUser> = {
  name: 'dead letters of a user',
  collection: 'deliveries',
  purpose: 'a page of one user’s failed ones; newest first',
  index: FAILED_USER,
  filter: ({ userId, kinds, span }) => ({
    userId,
    state: 'failed',
    ...within('endedAtMs', span),
    ...(kinds !== null && { deadKind: { $in: kinds } }),
  }),
  sort: { endedAtMs: -1, _id: -1 },
};

export const DEAD_LETTERS_OF_KIND: NamedQuery<OfKinds> = {
  name: 'dead letters of a kind',
  collection: 'deliveries',
  purpose: 'a page of those that failed for some reasons, or with some remedies; newest first',
  index: DEAD_KIND,
  filter: ({ kinds, span }) => ({ state: 'failed', deadKind: { $in: kinds }, ...within('endedAtMs', span) }),
  sort: { endedAtMs: -1, _id: -1 },
};

export const COUNTED_DEAD_LETTERS: NamedQuery<OfKinds> = {
  name: 'dead letters counted',
  collection: 'deliveries',
  purpose: 'how many a bulk action would look at, from the index alone',
  index: DEAD_KIND,
  filter: ({ kinds, span }) => ({ state: 'failed', deadKind: { $in: kinds }, ...inTime(span) }),
  projection: { _id: 0, deadKind: 1 },
};

export const DEAD_LETTERS_OF_NOTIFICATION: NamedQuery<OfKinds> = {
  name: 'dead letters of a notification',
  collection: 'deliveries',
  purpose: 'one notification’s failed ones by their kinds',
  index: DEAD_OF,
  filter: ({ notificationId, afterId, kinds, span }) => ({
    state: 'failed',
    notificationId: notificationId ?? '',
    deadKind: { $in: kinds },
    ...(afterId !== null && { _id: ofNotification({ notificationId: notificationId ?? '', afterId }) }),
    ...inTime(span),
  }),
  sort: { _id: 1 },
};

export const DEAD_KINDS: NamedQuery<null> = {
  name: 'kinds of dead letters',
  collection: 'deliveries',
  purpose: 'what dead letters can be chosen by, from the index alone',
  index: DEAD_KIND,
  filter: () => ({ state: 'failed', deadKind: { $gte: '' } }),
  sort: { deadKind: 1 },
  projection: { _id: 0, deadKind: 1 },
};

export const DEAD_KINDS_OF_NOTIFICATION: NamedQuery<string> = {
  name: 'kinds of dead letters of a notification',
  collection: 'deliveries',
  purpose: 'the same for one notification',
  index: DEAD_OF,
  filter: (notificationId) => ({ state: 'failed', notificationId, deadKind: { $gte: '' } }),
  sort: { deadKind: 1 },
  projection: { _id: 0, deadKind: 1 },
};

export const UNSORTED_DEAD_LETTERS: NamedQuery<null> = {
  name: 'dead letters of no kind',
  collection: 'deliveries',
  purpose: 'what an earlier version left',
  index: DEAD_KIND,
  filter: () => ({ state: 'failed', deadKind: null }),
};

export const DEAD_LETTER_QUERIES = [
  DEAD_LETTERS,
  DEAD_LETTERS_OF_USER,
  DEAD_LETTERS_OF_KIND,
  COUNTED_DEAD_LETTERS,
  DEAD_LETTERS_OF_NOTIFICATION,
  DEAD_KINDS,
  DEAD_KINDS_OF_NOTIFICATION,
  UNSORTED_DEAD_LETTERS,
] as const;
