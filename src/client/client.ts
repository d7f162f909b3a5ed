import type { Audit } from './audit.ts';
import { BellhopError } from './bellhop-error.ts';
import { createSendMany, type SendMany } from './bulk.ts';
import { type BulkActionCalls, bulkActionsOf, type DeadLetterQuery } from './bulk-actions.ts';
import { type Caller, type CallerOptions, type CallOptions, createCaller } from './caller.ts';
import type { NotificationDryRun } from './dry-run.ts';
import { createEventStreams } from './event-stream.ts';
import { type EventCalls, eventsOf } from './events.ts';
import { type ExperimentCalls, experimentsOf } from './experiments.ts';
import { type KeyCalls, keysOf } from './keys.ts';
import type { Found, OverviewCalls, OverviewStretch, Process } from './overview.ts';
import { type People, peopleOf, type Suppression, type SuppressionQuery } from './people.ts';
import { type ErasureCalls, erasuresOf } from './privacy.ts';
import type {
  AcceptedNotification,
  Attempt,
  AttemptQuery,
  Delivery,
  DeliveryQuery,
  DeliveryWithReceipts,
  Notification,
  NotificationInput,
  NotificationQuery,
  NotificationWithCounts,
  Page,
  RemovedSubscriptions,
  Subscription,
  SubscriptionInput,
  SubscriptionQuery,
  SubscriptionRemoval,
  UserDelivery,
  UserDeliveryQuery,
} from './resources.ts';
import { type Schedules, schedulesOf } from './schedules.ts';
import { createSigner } from './signing.ts';
import { mintSubscriberToken, type SubscriberToken } from './subscriber-token.ts';
import type { ImportedSubscription, SubscriptionImportLine, UserImportLine } from './subscription-import.ts';
import { type Templates, templatesOf } from './templates.ts';
import type { CancelledNotification } from './timing.ts';
import { type WebhookCalls, webhooksOf } from './webhooks.ts';

export type * from './audit.ts';
export type { BellhopErrorCode, ClientErrorCode, ServerErrorCode } from './bellhop-error.ts';
export type { BulkNotification, BulkNotificationResult, Problem, SendMany } from './bulk.ts';
export type {
  BulkAction,
  BulkActionFilter,
  BulkActionInput,
  BulkActionPlan,
  DeadLetterQuery,
  DeadLetterReason,
} from './bulk-actions.ts';
export type { CallOptions } from './caller.ts';
export type * from './content.ts';
export type * from './dry-run.ts';
export type * from './events.ts';
export type * from './experiments.ts';
export type * from './keys.ts';
export type * from './overview.ts';
export type * from './people.ts';
export type * from './privacy.ts';
export type * from './receipts.ts';
export type * from './resources.ts';
export type * from './schedules.ts';
export type { SubscriberToken } from './subscriber-token.ts';
export type * from './subscription-import.ts';
export type * from './templates.ts';
export type * from './timing.ts';
export type * from './user-patch.ts';
export type * from './webhooks.ts';
export { BellhopError };

export type ClientOptions = {
  /** Where Bellhop is, for example `https://push.example.com`. */
  readonly url: string;
  /** The secret of an API key. It never leaves this process: every call is signed with it. */
  readonly secret: string;
  /** Which key; left out, the one from HMAC_SECRET. */
  readonly keyId?: string | undefined;
  /** How long one try may take; 10 000 unless given. */
  readonly timeoutMs?: number | undefined;
  /** Further tries where the service is away, busy or restarting; 5 unless given, over some 10 seconds; 0 for none. */
  readonly maxRetries?: number | undefined;
  /** The longest wait before the first of them; it doubles with each. 500 unless given. */
  readonly retryBaseMs?: number | undefined;
  /** In place of the global one. */
  readonly fetch?: typeof fetch | undefined;
};

export type SendOptions = CallOptions & {
  /** What makes this send this one, for example the id of an order and its event. Unless given, made for each call. */
  readonly idempotencyKey?: string | undefined;
};

type Nouns = People & Schedules;

/** Every method rejects with a `BellhopError`, or with the signal's reason. */
export type Client = Nouns & {
  /**
   * Accepted means durable. Whatever becomes of a try, the next one has the same idempotency key, so that nothing is sent
   * twice. Give one of your own where your program itself may repeat the call. RangeError: one that cannot be sent.
   */
  send(notification: NotificationInput, options?: SendOptions): Promise<AcceptedNotification>;
  /** What `send` would do now: to whom it would go, to whom not, and why. Sends nothing and keeps nothing. */
  dryRun(notification: NotificationInput, options?: CallOptions): Promise<NotificationDryRun>;
  readonly notifications: {
    get(id: string, options?: CallOptions): Promise<NotificationWithCounts>;
    list(query?: NotificationQuery, options?: CallOptions): Promise<Page<Notification>>;
    /** Nothing of it is sent any more, but for what is under way. Repeated, it gives the numbers as they are then. */
    cancel(id: string, options?: CallOptions): Promise<CancelledNotification>;
    /** What became of it, device by device. */
    deliveries(id: string, query?: DeliveryQuery, options?: CallOptions): Promise<Page<Delivery>>;
    /** Every request to a push service, each with what to do about it. */
    attempts(id: string, query?: AttemptQuery, options?: CallOptions): Promise<Page<Attempt>>;
    /** The users who got nothing of it, and why. */
    suppressions(id: string, query?: SuppressionQuery, options?: CallOptions): Promise<Page<Suppression>>;
    /**
     * Sends any number, as they come, and gives one result for each, in order. After a broken connection it goes on where it was, and
     * nothing is sent twice. One that is refused costs only itself; what keeps all out rejects.
     */
    readonly sendMany: SendMany;
  };
  readonly deliveries: {
    get(id: string, options?: CallOptions): Promise<DeliveryWithReceipts>;
    /** All that was sent to one user and what became of it, newest first. */
    ofUser(userId: string, query?: UserDeliveryQuery, options?: CallOptions): Promise<Page<UserDelivery>>;
    /**
     * Sends a failed or expired delivery again. Tried again by itself only where it was surely not done: after
     * `timeout` or `connection_failed`, look at the delivery first.
     */
    replay(
      id: string,
      replay?: { readonly ttl_seconds?: number | undefined },
      options?: CallOptions,
    ): Promise<Delivery>;
  };
  readonly overview: OverviewCalls;
  readonly audit: Audit;
  /** What happened, in one order. */
  readonly events: EventCalls;
  /** Something said in several ways, and which does better. */
  readonly experiments: ExperimentCalls;
  /** Events sent to URLs. */
  readonly webhooks: WebhookCalls;
  readonly vapidKeys: KeyCalls;
  /** What notifications say, kept under a key. */
  readonly templates: Templates;
  /** One action on many dead letters: replay or discard. */
  readonly bulkActions: BulkActionCalls;
  readonly erasures: ErasureCalls;
  readonly deadLetters: { list(query?: DeadLetterQuery, options?: CallOptions): Promise<Page<Delivery>> };
  readonly subscriptions: {
    /** For back ends that take a browser's `PushSubscription.toJSON()` themselves; a page can register with a token. */
    register(subscription: SubscriptionInput, options?: CallOptions): Promise<Subscription>;
    get(id: string, options?: CallOptions): Promise<Subscription>;
    list(query?: SubscriptionQuery, options?: CallOptions): Promise<Page<Subscription>>;
    delete(id: string, options?: CallOptions): Promise<void>;
    /** Deletes by endpoint. That nobody has it is no error. */
    remove(removal: SubscriptionRemoval, options?: CallOptions): Promise<RemovedSubscriptions>;
    /** Deletes all of a user, for example when an account is closed. */
    removeAllOf(userId: string, options?: CallOptions): Promise<RemovedSubscriptions>;
    restore(id: string, options?: CallOptions): Promise<Subscription>;
    /** Takes over up to 1000 subscriptions of another push system, each answered on its own; `bellhop import` takes files. */
    import(
      subscriptions: readonly (SubscriptionImportLine | UserImportLine)[],
      options?: CallOptions & { readonly dryRun?: boolean | undefined },
    ): Promise<readonly ImportedSubscription[]>;
  };
  /** For a page of this user, good for their own subscriptions. Made here, without a call. RangeError: see the message. */
  subscriberToken(userId: string, options?: { readonly ttlSeconds?: number | undefined }): Promise<SubscriberToken>;
  /** The VAPID key that browsers subscribe with. */
  publicKey(options?: CallOptions): Promise<string>;
};

/** A client of one Bellhop. Throws TypeError where `url`, `secret` or `keyId` cannot be right. */
export function createClient(options: ClientOptions): Client {
  const { keyId = null, timeoutMs = 10_000, maxRetries = 5, retryBaseMs = 500 } = options;
  const url = checkedUrl(options.url);
  // Files and variables often have a line break at their end; the service takes it off as well.
  const secret = typeof options.secret === 'string' ? options.secret.trim() : '';
  if (secret === '') throw new TypeError('secret must be a string');
  if (keyId !== null && !/^[A-Za-z0-9._-]{1,64}$/.test(keyId))
    throw new TypeError('keyId must be the id of an API key');
  const signer = createSigner(secret);
  // Looked up for each call: some frameworks put their own in place later.
  const call = options.fetch ?? ((input, init) => fetch(input, init));
  const calling: CallerOptions = { url, signer, keyId, timeoutMs, maxRetries, retryBaseMs, fetch: call };
  const caller = createCaller(calling);
  return {
    ...peopleOf(caller),
    ...schedulesOf(caller),
    events: eventsOf(caller, createEventStreams(calling)),
    experiments: experimentsOf(caller),
    erasures: erasuresOf(caller),
    webhooks: webhooksOf(caller),
    vapidKeys: keysOf(caller),
    ...resourcesOf(caller, createSendMany(calling)),
    subscriberToken: (userId, { ttlSeconds } = {}) => mintSubscriberToken(signer, { keyId, userId, ttlSeconds }),
  };
}

/** Every item of a listing, page after page: `for await (const item of eachItem((cursor) => client.deadLetters.list({ cursor })))`. */
export async function* eachItem<Item>(list: (cursor: string | undefined) => Promise<Page<Item>>): AsyncGenerator<Item> {
  let cursor: string | undefined;
  do {
    const page = await list(cursor);
    yield* page.items;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
}

function resourcesOf(
  caller: Caller,
  sendMany: SendMany,
): Omit<Client, 'subscriberToken' | 'events' | 'experiments' | 'erasures' | 'webhooks' | 'vapidKeys' | keyof Nouns> {
  const get = <Result>(path: string, query = {}, { signal }: CallOptions = {}) =>
    caller<Result>({ method: 'GET', path, query, signal });
  const post = <Result>(path: string, body: unknown, { signal }: CallOptions = {}) =>
    caller<Result>({ method: 'POST', path, body, signal });
  return {
    async send(notification, { idempotencyKey = crypto.randomUUID(), signal } = {}) {
      // Else a fetch would refuse the header, which looks like a network that is down.
      if (!/^[\x20-\x7e]{1,255}$/.test(idempotencyKey) || idempotencyKey.trim() !== idempotencyKey) {
        throw new RangeError('idempotencyKey must be 1 to 255 printable ASCII characters, no space first or last');
      }
      return caller({ method: 'POST', path: '/v1/notifications', body: notification, idempotencyKey, signal });
    },
    dryRun: (notification, options) => post('/v1/notifications', { ...notification, dry_run: true }, options),
    notifications: {
      get: (id, options) => get(`/v1/notifications/${encodeURIComponent(id)}`, {}, options),
      list: (query, options) => get('/v1/notifications', query, options),
      cancel: (id, options) => post(`/v1/notifications/${encodeURIComponent(id)}/cancel`, undefined, options),
      deliveries: (id, query, options) => get(`/v1/notifications/${encodeURIComponent(id)}/deliveries`, query, options),
      attempts: (id, query, options) => get(`/v1/notifications/${encodeURIComponent(id)}/attempts`, query, options),
      suppressions: (id, query, options) =>
        get(`/v1/notifications/${encodeURIComponent(id)}/suppressions`, query, options),
      sendMany,
    },
    deliveries: {
      get: (id, options) => get(`/v1/deliveries/${encodeURIComponent(id)}`, {}, options),
      // In the query, where every user id can stand.
      ofUser: (userId, query, options) => get('/v1/deliveries', { ...query, user_id: userId }, options),
      replay(id, replay = {}, { signal } = {}) {
        const path = `/v1/deliveries/${encodeURIComponent(id)}/replay`;
        return caller({ method: 'POST', path, body: replay, signal, isRepeatable: false });
      },
    },
    overview: {
      get: (options) => get('/v1/overview', {}, options),
      async deliveries(period, options) {
        return (await get<{ items: OverviewStretch[] }>('/v1/overview/deliveries', { period }, options)).items;
      },
      processes: async (options) => (await get<{ items: Process[] }>('/v1/processes', {}, options)).items,
      lookUp: async (q, options) => (await get<{ items: Found[] }>('/v1/lookup', { q }, options)).items,
    },
    audit: { list: (query, options) => get('/v1/audit', query, options) },
    templates: templatesOf(caller),
    bulkActions: bulkActionsOf(caller),
    deadLetters: { list: (query, options) => get('/v1/dead-letters', query, options) },
    subscriptions: {
      register: (subscription, options) => post('/v1/subscriptions', subscription, options),
      get: (id, options) => get(`/v1/subscriptions/${encodeURIComponent(id)}`, {}, options),
      list: (query, options) => get('/v1/subscriptions', query, options),
      async delete(id, { signal } = {}) {
        await caller({ method: 'DELETE', path: `/v1/subscriptions/${encodeURIComponent(id)}`, signal });
      },
      remove: (removal, options) => post('/v1/subscriptions/remove', removal, options),
      // In the query, where every user id can stand.
      removeAllOf: (userId, { signal } = {}) =>
        caller({ method: 'DELETE', path: '/v1/subscriptions', query: { user_id: userId }, signal }),
      restore: (id, options) => post(`/v1/subscriptions/${encodeURIComponent(id)}/restore`, undefined, options),
      async import(subscriptions, { dryRun: dry_run = false, ...options } = {}) {
        const body = { subscriptions, dry_run };
        return (await post<{ items: ImportedSubscription[] }>('/v1/subscriptions/import', body, options)).items;
      },
    },
    async publicKey(options) {
      return (await get<{ public_key: string }>('/v1/push/public-key', {}, options)).public_key;
    },
  };
}

function checkedUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new TypeError('url must be where Bellhop is, such as https://push.example.com');
  }
  const { origin, pathname, search, hash, username, password } = new URL(text);
  if (search || hash || username || password) {
    throw new TypeError('url must have no query, fragment, user or password');
  }
  // A path is one that a proxy takes off again: Bellhop itself is at the root, and what it sees is what is signed.
  return origin + withoutTrailingSlashes(pathname);
}

function withoutTrailingSlashes(path: string): string {
  let end = path.length;
  while (path.endsWith('/', end) && end > 0) end -= 1;
  return path.slice(0, end);
}
