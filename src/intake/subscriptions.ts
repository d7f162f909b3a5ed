import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import { type AllowedHost, judgeEndpoint } from '../domain/endpoint-policy.ts';
import { type Random, subscriptionId } from '../domain/ids.ts';
import type { Subscription, SubscriptionKeys } from '../domain/subscription.ts';
import { judgeSubscriptionKeys } from '../domain/subscription-keys.ts';
import type { Page, PageRequest } from '../store/page.ts';
import type { SubscriptionStore } from '../store/subscription-store.ts';
import type { Events } from '../telemetry/events.ts';

export type RegisterRequest = Pick<
  Subscription,
  'userId' | 'endpoint' | 'keys' | 'expirationAtMs' | 'locale' | 'userAgent'
>;

export type Registered = { readonly kind: 'created' | 'updated' | 'moved'; readonly subscription: Subscription };

export type Subscriptions = {
  /** Refuses endpoints that are no push service's and keys that nothing can be encrypted to. */
  register(request: RegisterRequest): Promise<Registered>;
  get(id: string): Promise<Subscription>;
  list(query: PageRequest & { userId: string | null; includeRetired: boolean }): Promise<Page<Subscription>>;
  delete(id: string): Promise<void>;
};

export type SubscriptionsOptions = {
  readonly store: SubscriptionStore;
  readonly events: Pick<Events, 'publish'>;
  readonly clock: Clock;
  readonly random: Random;
  /** Hosts taken beside the well-known push services (PUSH_ALLOWED_HOSTS). */
  readonly allowedHosts: readonly AllowedHost[];
  /** Browsers subscribe with this one; it is kept with the subscription. */
  readonly vapidPublicKey: string;
};

/** What callers may do with subscriptions. */
export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const { store, events } = options;
  return {
    async register(request) {
      const result = await store.register(draftOf(options, request));
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
    get: async (id) => (await store.get(id)) ?? notFound(),
    list: (query) => store.list(query),
    async delete(id) {
      if (!(await store.delete(id))) notFound();
      events.publish({ type: 'subscription.deleted', subscriptionId: id });
    },
  };
}

function draftOf(options: SubscriptionsOptions, request: RegisterRequest): Subscription {
  checkEndpoint(request.endpoint, options.allowedHosts);
  const nowMs = options.clock.now();
  return {
    ...request,
    id: subscriptionId(nowMs, options.random),
    endpointHash: createHash('sha256').update(request.endpoint, 'utf8').digest('base64url'),
    keys: checkedKeys(request.keys),
    vapidPublicKey: options.vapidPublicKey,
    retired: null,
    replacesId: null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}

function checkEndpoint(endpoint: string, allowedHosts: readonly AllowedHost[]): void {
  const judgement = judgeEndpoint(endpoint, allowedHosts);
  if (judgement.kind === 'invalid') throw new AppError('invalid_endpoint', judgement.message);
  if (judgement.kind === 'not_allowed') throw new AppError('endpoint_not_allowed', judgement.message);
}

function checkedKeys(keys: SubscriptionKeys): SubscriptionKeys {
  const judgement = judgeSubscriptionKeys(keys);
  if (judgement.kind === 'valid') return judgement.keys;
  throw new AppError('invalid_subscription_keys', judgement.message, { field: `keys.${judgement.field}` });
}

async function announce({ store, events }: SubscriptionsOptions, { kind, subscription }: Registered) {
  const { id, userId, replacesId } = subscription;
  events.publish({ type: 'subscription.registered', subscriptionId: id, userId, result: kind });
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
