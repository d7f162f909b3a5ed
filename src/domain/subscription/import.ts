import { decideRegistration, type Registered, type RegistrationFacts, type RegistrationPlan } from './registration.ts';
import type { Subscription } from './subscription.ts';

/** A subscription that another push system kept. */
export type ImportedSubscription = {
  readonly draft: Subscription;
  /** When the other system last wrote it; null where it does not say. */
  readonly writtenAtMs: number | null;
};

/**
 * `unchanged`: this user has the endpoint already, and what is kept of it is as new, `subscription`. `taken`: it is another
 * user’s active one, and nothing shows that the other system knew better. Neither writes anything.
 */
export type ImportResult =
  | Registered
  | { readonly kind: 'unchanged'; readonly subscription: Subscription }
  | { readonly kind: 'taken' };

type ImportDecision = RegistrationPlan | Exclude<ImportResult, Registered>;

/**
 * What becomes of an imported subscription: it is registered as its browser would do it, where nothing newer is known of its
 * endpoint. A browser that registered itself, moved to another user, or was called gone since then stays as it is.
 */
export function decideImport(
  facts: Omit<RegistrationFacts, 'former' | 'isVapidKeyGiven'>,
  writtenAtMs: number | null,
): ImportDecision {
  const { draft, ofEndpoint } = facts;
  const own = ofEndpoint.find(({ userId }) => userId === draft.userId);
  const isCurrent = own !== undefined && own.retired === null && saysTheSame(own, draft);
  if (own !== undefined && (isCurrent || !isOlder(own, writtenAtMs))) return { kind: 'unchanged', subscription: own };
  const rival = ofEndpoint.find(({ userId, retired }) => userId !== draft.userId && retired === null);
  if (rival !== undefined && !isOlder(rival, writtenAtMs)) return { kind: 'taken' };
  return decideRegistration({ ...facts, former: null, isVapidKeyGiven: true });
}

function saysTheSame(one: Subscription, other: Subscription): boolean {
  return (
    one.keys.p256dh === other.keys.p256dh &&
    one.keys.auth === other.keys.auth &&
    one.vapidPublicKey === other.vapidPublicKey
  );
}

function isOlder({ updatedAtMs, retired }: Subscription, writtenAtMs: number | null): boolean {
  return writtenAtMs !== null && Math.max(updatedAtMs, retired?.atMs ?? 0) < writtenAtMs;
}
