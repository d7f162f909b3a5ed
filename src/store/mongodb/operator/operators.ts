import type { OperatorSession, SignInLink } from '../../../domain/operator/operator.ts';
import type { OperatorStore } from '../../operator-store.ts';
import type { Collections } from '../collections/collections.ts';
import { instant } from '../collections/instant.ts';
import { BY_ID, optionsOf } from '../collections/named-query.ts';
import {
  OPERATOR_SESSION,
  type OperatorSessionDocument,
  SIGN_IN_LINK,
  type SignInLinkDocument,
} from '../collections/operator-queries.ts';
import { EXPIRED_LINKS, EXPIRED_SESSIONS } from '../collections/short-lived-queries.ts';
import { duplicateField } from '../server/mongo-error.ts';
import type { Operations } from '../server/operations.ts';

/** After whatever expires. */
const EVER = instant(Number.POSITIVE_INFINITY);

export function mongoOperators(collections: Collections, operations: Operations): OperatorStore {
  const { sign_in_links: links, operator_sessions: sessions } = collections;
  const asked = (digest: string, nowMs: number) => ({ digest, now: instant(nowMs) });
  return {
    addLink: ({ digest, expiresAtMs, ...rest }) =>
      operations.run(() => added(links.insertOne({ _id: digest, ...rest, expiresAt: instant(expiresAtMs) }))),
    findLink: (digest, nowMs) =>
      operations.run(async () => {
        const found = await links.findOne(SIGN_IN_LINK.filter(asked(digest, nowMs)), optionsOf(SIGN_IN_LINK));
        return found === null ? null : toLink(found);
      }),
    takeLink: (digest, nowMs) =>
      operations.run(async () => {
        const taken = await links.findOneAndDelete(SIGN_IN_LINK.filter(asked(digest, nowMs)), {
          hint: { ...BY_ID.key },
        });
        return taken === null ? null : toLink(taken);
      }),
    addSession: ({ digest, expiresAtMs, ...rest }) =>
      operations.run(() => added(sessions.insertOne({ _id: digest, ...rest, expiresAt: instant(expiresAtMs) }))),
    findSession: (digest, nowMs) =>
      operations.run(async () => {
        const filter = OPERATOR_SESSION.filter(asked(digest, nowMs));
        const found = await sessions.findOne(filter, optionsOf(OPERATOR_SESSION));
        return found === null ? null : toSession(found);
      }),
    endSession: (digest) =>
      operations.run(async () => {
        await sessions.deleteOne({ _id: digest });
      }),
    endAll: () =>
      operations.run(async () => {
        // Links first: none of them opens a session that would be left.
        await links.deleteMany(EXPIRED_LINKS.filter(EVER), optionsOf(EXPIRED_LINKS));
        return (await sessions.deleteMany(EXPIRED_SESSIONS.filter(EVER), optionsOf(EXPIRED_SESSIONS))).deletedCount;
      }),
  };
}

/** A digest is of 256 random bits: a duplicate is this very insertion, whose answer was lost. */
async function added(insertion: Promise<unknown>): Promise<void> {
  try {
    await insertion;
  } catch (error) {
    if (duplicateField(error) === null) throw error;
  }
}

function toLink({ _id: digest, name, role, expiresAt }: SignInLinkDocument): SignInLink {
  return { digest, name, role, expiresAtMs: expiresAt.getTime() };
}

function toSession({ _id: digest, expiresAt, ...rest }: OperatorSessionDocument): OperatorSession {
  const { name, role, createdAtMs, keyId } = rest;
  return { digest, name, role, createdAtMs, expiresAtMs: expiresAt.getTime(), keyId };
}
