import { randomBytes } from 'node:crypto';
import type { Member } from '../../../domain/audience/audience.ts';
import { ERASURE_KEY_FACT, userDigestOf } from '../../../domain/erasure/digests.ts';
import { begunAnew, type ErasedPerson } from '../../../domain/erasure/erasure.ts';
import type { ErasedLately } from '../../../domain/erasure/traces.ts';
import type { Collections } from '../collections/collections.ts';
import { ERASED_SINCE, ERASURE_OF_DIGEST, type ErasureDocument } from '../collections/erasure-queries.ts';
import { optionsOf } from '../collections/named-query.ts';
import { keepFact } from '../facts.ts';
import { toErasure, updateErasure } from './documents.ts';

/** A process that makes pages of fan-outs asks so often who was erased. */
const KEPT_MS = 250;
/** After so long each process knows, or has yet to ask, before it ends a page. */
export const HEEDED_AFTER_MS = 400;
/** Longer than any page takes that was read before an erasure. */
const LATELY_MS = 10 * 60 * 1000;

type Known = { readonly sinceMs: number; readonly documents: Promise<readonly ErasureDocument[]> };

const known = new WeakMap<Collections, Known>();
const keys = new WeakMap<Collections, Promise<string>>();

const NOBODY: ErasedLately = new Map();

/** Those of these users who were erased lately, as far as this process knows: what it knows is a quarter of a second old at most. */
export async function erasedAmong(collections: Collections, members: readonly Member[]): Promise<ErasedLately> {
  const documents = await documentsOf(collections);
  if (documents.length === 0) return NOBODY;
  const key = await erasureKeyOf(collections);
  const byDigest = new Map(documents.map((document) => [document.userDigest, document]));
  const people = new Map<string, ErasedPerson>();
  for (const { userId } of members) {
    const document = byDigest.get(userDigestOf(key, userId));
    if (document === undefined) continue;
    const alias = document.run?.alias ?? newAlias();
    people.set(userId, { userId, alias, untilMs: document.untilMs });
  }
  return people;
}

/**
 * Of users whom this process has just written about: their erasure begins anew, since it may have looked before. Whoever erases waits until
 * each process has asked since, so that one of the two sees what the other wrote.
 */
export async function eraseAgain(collections: Collections, people: ErasedLately): Promise<void> {
  if (people.size === 0) return;
  const key = await erasureKeyOf(collections);
  for (const person of people.values()) {
    const filter = ERASURE_OF_DIGEST.filter(userDigestOf(key, person.userId));
    for (let isKept = false; !isKept; ) {
      const found = await collections.erasures.findOne(filter, optionsOf(ERASURE_OF_DIGEST));
      isKept = found === null || (await updateErasure(collections, begunAnew(toErasure(found), person)));
    }
  }
}

function documentsOf(collections: Collections): Promise<readonly ErasureDocument[]> {
  const nowMs = performance.now();
  const last = known.get(collections);
  if (last !== undefined && nowMs < last.sinceMs + KEPT_MS) return last.documents;
  const filter = ERASED_SINCE.filter(Date.now() - LATELY_MS);
  const documents = collections.erasures.find(filter, optionsOf(ERASED_SINCE)).toArray();
  const mine = { sinceMs: nowMs, documents };
  known.set(collections, mine);
  documents.catch(() => {
    if (known.get(collections) === mine) known.delete(collections);
  });
  return documents;
}

/** The key that was kept first, whichever process came first. */
export function erasureKeyOf(collections: Collections): Promise<string> {
  const asked = keys.get(collections) ?? keepFact(collections, ERASURE_KEY_FACT, randomBytes(32).toString('base64url'));
  keys.set(collections, asked);
  asked.catch(() => keys.delete(collections));
  return asked;
}

function newAlias(): string {
  return `erased-${randomBytes(12).toString('base64url')}`;
}
