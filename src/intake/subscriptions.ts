import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import type { Events } from '../domain/events.ts';
import { type Random, subscriptionId } from '../domain/ids.ts';
import { readVapidPublicKey } from '../domain/push-service/vapid-key.ts';
import type { RateLimit } from '../domain/rate-limit.ts';
import type { AllowedHost } from '../domain/subscription/endpoint-policy.ts';
import { endpointIdentity, judgeNewEndpoint } from '../domain/subscription/endpoint-spelling.ts';
import type { Registered } from '../domain/subscription/registration.ts';
import type { Subscription, SubscriptionKeys } from '../domain/subscription/subscription.ts';
import { judgeSubscriptionKeys } from '../domain/subscription/subscription-keys.ts';
import type { Page, PageRequest } from '../store/page.ts';
import type { SubscriptionStore } from '../store/subscription-store.ts';
import { isVisitor, spendAsVisitor } from './demo-visitors.ts';
import type { RateLimiter } from './rate-limiter.ts';

export type RegisterRequest = Pick<
  Subscription,
  'userId' | 'endpoint' | 'keys' | 'expirationAtMs' | 'locale' | 'timeZone' | 'userAgent'
> & {
  /** The one the browser subscribed with; null: the endpoint's own where it is known, else the current one. */
  readonly vapidPublicKey: string | null;
  /** The subscription of this user that the same device had before; null where it knows of none. */
  readonly formerId: string | null;
  /** Asked for by a page, with a token of this user: anybody who may sign in can ask for as much as they like. */
  readonly isByToken: boolean;
};

export type Subscriptions = {
  /**
   * Refuses endpoints that are no push service's and keys that nothing can be encrypted to, and with a token more than
   * `registrationLimit` allows.
   */
  register(request: RegisterRequest): Promise<Registered>;
  /** With `ofUser`, another user's counts as missing. */
  get(id: string, ofUser: string | null): Promise<Subscription>;
  list(query: PageRequest & { userId: string | null; includeRetired: boolean }): Promise<Page<Subscription>>;
  /** Makes a retired one active again. */
  restore(id: string): Promise<Subscription>;
  /** With `ofUser`, another user's counts as missing. */
  delete(id: string, ofUser: string | null): Promise<void>;
  /**
   * Deletes all that have this endpoint, or one user's alone, and says how many. Refuses what is no endpoint: a shortened one
   * would seem to be deleted.
   */
  deleteOfEndpoint(endpoint: string, ofUser: string | null): Promise<number>;
  /** Deletes all of a user, and says how many. */
  deleteOfUser(userId: string): Promise<number>;
};

export type SubscriptionsOptions = {
  readonly store: SubscriptionStore;
  readonly events: Pick<Events, 'publish'>;
  readonly clock: Clock;
  readonly random: Random;
  /** Hosts taken beside the well-known push services (PUSH_ALLOWED_HOSTS). */
  readonly allowedHosts: readonly AllowedHost[];
  /**
   * The public halves of the VAPID pairs held at this moment. Browsers subscribe with the first; it is kept with the
   * subscription.
   */
  readonly publicKeys: () => readonly [string, ...string[]];
  readonly limiter: RateLimiter;
  /** How often the pages of one user may register (REGISTRATIONS_PER_MINUTE). */
  readonly registrationLimit: RateLimit;
  /** Whether there is a demo page, whose visitors have limits of their own. */
  readonly countsVisitors: boolean;
  /** The most active ones of a user whose page registers (MAX_SUBSCRIPTIONS_PER_USER). */
  readonly maxPerUser: number;
};

/** Subscriptions deleted in one write. */
const DELETED_AT_ONCE = 500;

const TOO_OFTEN = 'The pages of this user register too often: once on each visit is enough.';

/** What callers may do with subscriptions. */
export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const { store, events, limiter, registrationLimit } = options;
  return {
    async register({ formerId, isByToken, ...draft }) {
      // First: what is refused costs something, too.
      if (isByToken) {
        if (options.countsVisitors && isVisitor(draft.userId)) await spendAsVisitor(limiter, draft.userId);
        await limiter.demand(`registrations ${draft.userId}`, registrationLimit, TOO_OFTEN);
      }
      const isVapidKeyGiven = draft.vapidPublicKey !== null;
      const maxActive = isByToken ? options.maxPerUser : null;
      const result = await store.register(draftOf(options, draft), { isVapidKeyGiven, formerId, maxActive });
      if (result.kind === 'taken') {
        throw new AppError(
          'endpoint_taken',
          'This endpoint belongs to another user, and the keys differ from the registered ones. It moves only when ' +
            'both keys are equal, which only the same browser can know; else unsubscribe there, or subscribe anew.',
        );
      }
      await announce(options, result);
      return result;
    },
    get: (id, ofUser) => getOf(store, id, ofUser),
    list: (query) => store.list(query),
    restore: (id) => restore(options, id),
    async delete(id, ofUser) {
      // No row ever changes its user, so what is seen here still holds when it is deleted.
      if (ofUser !== null) await getOf(store, id, ofUser);
      if (!(await store.delete(id))) notFound();
      events.publish({ type: 'subscription.deleted', subscriptionId: id });
    },
    async deleteOfEndpoint(endpoint, ofUser) {
      const count = await store.deleteOfEndpoint(hashOf(endpoint), ofUser);
      // Not before: an earlier version registered other spellings.
      if (count === 0) checkForm(endpoint, options.allowedHosts);
      else events.publish({ type: 'subscriptions.deleted', count, userId: ofUser });
      return count;
    },
    deleteOfUser: (userId) => deleteOfUser(options, userId),
  };
}

async function getOf(store: SubscriptionStore, id: string, ofUser: string | null): Promise<Subscription> {
  const subscription = await store.get(id);
  if (subscription === null || (ofUser !== null && subscription.userId !== ofUser)) return notFound();
  return subscription;
}

/** The row of a new subscription. Throws AppError where it cannot be sent to. */
export function draftOf(
  options: Pick<SubscriptionsOptions, 'allowedHosts' | 'publicKeys' | 'clock' | 'random'>,
  request: Omit<RegisterRequest, 'formerId' | 'isByToken'>,
): Subscription {
  checkEndpoint(request.endpoint, options.allowedHosts);
  const nowMs = options.clock.now();
  return {
    ...request,
    id: subscriptionId(nowMs, options.random),
    endpointHash: hashOf(request.endpoint),
    keys: checkedKeys(request.keys),
    vapidPublicKey: heldKey(options, request.vapidPublicKey),
    retired: null,
    quarantine: null,
    suspectedByHoldId: null,
    replacesId: null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}

function hashOf(endpoint: string): string {
  return createHash('sha256').update(endpointIdentity(endpoint), 'utf8').digest('base64url');
}

/** Page by page: a user may have thousands. What was deleted before a page failed is announced as well. */
async function deleteOfUser({ store, events }: SubscriptionsOptions, userId: string): Promise<number> {
  let count = 0;
  try {
    for (;;) {
      const deleted = await store.deleteOfUser(userId, DELETED_AT_ONCE);
      count += deleted;
      if (deleted < DELETED_AT_ONCE) return count;
    }
  } finally {
    if (count > 0) events.publish({ type: 'subscriptions.deleted', count, userId });
  }
}

function heldKey({ publicKeys }: Pick<SubscriptionsOptions, 'publicKeys'>, given: string | null): string {
  const held = publicKeys();
  if (given === null) return held[0];
  const key = readVapidPublicKey(given) ?? given;
  if (held.includes(key)) return key;
  throw new AppError(
    'unknown_vapid_key',
    'vapid_public_key is not a key this server holds. Subscribe with the key of GET /v1/push/public-key.',
  );
}

async function restore({ store, events, clock }: SubscriptionsOptions, id: string): Promise<Subscription> {
  const result = await store.restore(id, clock.now());
  switch (result.kind) {
    case 'missing':
      return notFound();
    case 'taken':
      throw new AppError(
        'endpoint_taken',
        'This browser’s subscription belongs to another row now, so this one cannot come back. Its browser decides: it registers on its next visit.',
      );
    case 'restored':
      events.publish({ type: 'subscription.restored', subscriptionId: id, userId: result.subscription.userId });
      return result.subscription;
    case 'active':
      return result.subscription;
  }
}

function checkForm(endpoint: string, allowedHosts: readonly AllowedHost[]): void {
  const judgement = judgeNewEndpoint(endpoint, allowedHosts);
  if (judgement.kind === 'invalid') throw new AppError('invalid_endpoint', judgement.message);
}

function checkEndpoint(endpoint: string, allowedHosts: readonly AllowedHost[]): void {
  const judgement = judgeNewEndpoint(endpoint, allowedHosts);
  if (judgement.kind === 'invalid') throw new AppError('invalid_endpoint', judgement.message);
  if (judgement.kind === 'not_allowed') throw new AppError('endpoint_not_allowed', judgement.message);
}

function checkedKeys(keys: SubscriptionKeys): SubscriptionKeys {
  const judgement = judgeSubscriptionKeys(keys);
  if (judgement.kind === 'valid') return judgement.keys;
  throw new AppError('invalid_subscription_keys', judgement.message, { field: `keys.${judgement.field}` });
}

/** Tells of a registration, once it is committed. */
export async function announce(
  { store, events }: Pick<SubscriptionsOptions, 'store' | 'events'>,
  registered: Registered,
): Promise<void> {
  const { kind, subscription, replacedId, crowdedOutIds = [] } = registered;
  const { id, userId, replacesId } = subscription;
  events.publish({ type: 'subscription.registered', subscriptionId: id, userId, result: kind });
  if (replacedId !== undefined) {
    events.publish({ type: 'subscription.retired', subscriptionId: replacedId, userId, reason: 'replaced' });
  }
  for (const subscriptionId of crowdedOutIds) {
    events.publish({ type: 'subscription.retired', subscriptionId, userId, reason: 'crowded_out' });
  }
  if (kind !== 'moved' || replacesId === null) return;
  // The commit stands: a store that has trouble now must not turn the answer into an error.
  const former = await store.get(replacesId).catch(() => null);
  if (former === null) return;
  events.publish({
    type: 'subscription.retired',
    subscriptionId: former.id,
    userId: former.userId,
    reason: 'moved',
  });
}

function notFound(): never {
  throw new AppError('subscription_not_found', 'There is no subscription with this id.');
}
