import type {
  AudienceInput,
  ExperimentInput,
  LocaleText,
  NotificationAction,
  OpenIn,
  Recipient,
  ShownFields,
  TemplateUse,
  TextDirection,
  Variables,
  VariantInput,
} from './content.ts';
import type { Receipt, ReceiptCounts, ReceiptEvent } from './receipts.ts';
import type { LocalSendAtInput, NotificationTiming } from './timing.ts';

/** All of it as it is on the wire: `docs/http.md` and `/openapi.json` say what each field means. Instants are ISO 8601. */

export type Priority = 'high' | 'normal' | 'low';
export type Urgency = 'very-low' | 'low' | 'normal' | 'high';

export type NotificationInput = ShownFields & {
  readonly type: string;
  /** Either these users, or `recipients`, or `audience`. */
  readonly user_ids?: readonly string[] | undefined;
  /** Users with variables of their own, for a `template` or `locales`. */
  readonly recipients?: readonly Recipient[] | undefined;
  /** Users who are found when it is sent. */
  readonly audience?: AudienceInput | undefined;
  readonly exclude_user_ids?: readonly string[] | undefined;
  /** In place of `title` and `body`. */
  readonly template?: TemplateUse | undefined;
  /** As a template, for this notification alone. */
  readonly locales?: Readonly<Record<string, LocaleText>> | undefined;
  readonly default_locale?: string | undefined;
  /** Of `locales`, for everyone. */
  readonly variables?: Variables | undefined;
  /** Something said in several ways. With `experiment`. */
  readonly variants?: readonly VariantInput[] | undefined;
  readonly experiment?: ExperimentInput | undefined;
  /** Required without `template`, `locales` and `variants` that have one each. */
  readonly title?: string | undefined;
  readonly locale?: string | undefined;
  /** ISO 8601 with a zone, or epoch milliseconds. */
  readonly timestamp?: string | number | undefined;
  /** 0 takes it away. */
  readonly app_badge?: number | undefined;
  readonly priority?: Priority | undefined;
  readonly ttl_seconds?: number | undefined;
  readonly urgency?: Urgency | undefined;
  readonly topic?: string | undefined;
  /** What devices shall tell of it, as far as the server asks for it. */
  readonly tracking?: readonly ReceiptEvent[] | undefined;
  /** When it is sent: an instant, ISO 8601 with a zone; or a time by the clock of each user. Left out, at once. */
  readonly send_at?: string | LocalSendAtInput | undefined;
  /** Another place for a time by the clock of each user. */
  readonly send_at_local?: LocalSendAtInput | undefined;
};

export type AcceptedNotification = {
  readonly id: string;
  readonly status: 'accepted' | 'scheduled';
  readonly user_count: number;
  /** For how many of them there are deliveries. Null where that is not known yet; absent from earlier versions. */
  readonly reached_user_count?: number | null;
  readonly accepted_at: string;
  readonly deadline_at: string;
  /** Whether an earlier call with this idempotency key was answered so: nothing is sent twice. Absent from earlier versions. */
  readonly replayed?: boolean;
  readonly warnings: readonly string[];
};

export type NotificationStatus = 'scheduled' | 'accepted' | 'sending' | 'completed' | 'cancelled';

export type Notification = NotificationTiming & {
  readonly id: string;
  readonly type: string;
  readonly title: string;
  readonly body: string | null;
  readonly icon: string | null;
  readonly badge?: string | null;
  readonly url: string | null;
  readonly open_in?: OpenIn | null;
  readonly actions?: readonly NotificationAction[] | null;
  readonly locale: string | null;
  readonly image?: string | null;
  readonly dir?: TextDirection | null;
  readonly require_interaction?: boolean | null;
  readonly silent?: boolean | null;
  readonly vibrate?: readonly number[] | null;
  readonly renotify?: boolean | null;
  readonly timestamp?: string | null;
  readonly app_badge?: number | null;
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly priority: Priority;
  readonly ttl_seconds: number;
  readonly urgency: Urgency;
  readonly topic: string | null;
  /** What it says, where that is not the same for all. Absent from earlier versions. */
  readonly template?: { readonly key: string; readonly version: number } | null;
  readonly tracking?: readonly ReceiptEvent[];
  /** Which experiment it takes part in. Absent from earlier versions. */
  readonly experiment_key?: string | null;
  /** What is said in its variants. Absent from earlier versions. */
  readonly variants?: readonly {
    readonly key: string;
    readonly weight: number;
    readonly title: string;
    readonly body: string | null;
    readonly template: { readonly key: string; readonly version: number } | null;
  }[];
  /** Whom it was for, where that is found when it is sent; null where users were named. Absent from earlier versions. */
  readonly audience?: { readonly everyone: boolean; readonly tags: string | null } | null;
  readonly user_count: number;
  readonly status: NotificationStatus;
  readonly accepted_at: string;
  readonly deadline_at: string;
};

export type DeliveryState =
  | 'pending'
  | 'held'
  | 'sending'
  | 'retrying'
  | 'delivered'
  | 'pruned'
  | 'failed'
  | 'expired'
  | 'cancelled';

export type NotificationWithCounts = Notification & {
  readonly counts: Readonly<Record<DeliveryState | 'total', number>>;
  /** How many users got nothing, by reason. */
  readonly suppressed: Readonly<Record<string, number>>;
  /** Of more than ten thousand: they are being counted, and are at least so many. Absent from earlier versions, as the next. */
  readonly counts_are_at_least?: boolean;
  readonly counted_at?: string;
  /** To how many users it came so far, where it goes out later; else null. Absent from earlier versions. */
  readonly released_user_count?: number | null;
  readonly receipts?: ReceiptCounts;
  /** When its first deliveries were made; null before, and where that was not noted. Absent from earlier versions, as the next two. */
  readonly fan_out_began_at?: string | null;
  readonly fan_out_ended_at?: string | null;
  readonly completed_at?: string | null;
};

export type Attempt = {
  readonly delivery_id: string;
  readonly notification_id: string;
  readonly subscription_id: string;
  readonly user_id: string;
  readonly number: number;
  readonly status: 'delivered' | 'failed';
  readonly http_status: number | null;
  readonly latency_ms: number | null;
  readonly error: string | null;
  readonly retry_count: number;
  readonly outcome: string;
  readonly remedy: string | null;
  readonly retry_at: string | null;
  readonly granted_ttl_seconds: number | null;
  readonly created_at: string;
  /** Of its span, where spans are told to a collector. Absent from earlier versions. */
  readonly trace_id?: string;
};

export type Delivery = {
  readonly id: string;
  readonly notification_id: string;
  readonly subscription_id: string;
  readonly user_id: string;
  readonly push_service: string | null;
  readonly topic: string | null;
  readonly priority: Priority;
  readonly state: DeliveryState;
  readonly reason: string | null;
  /** Which variant of its notification it is. Absent from earlier versions. */
  readonly variant?: string | null;
  readonly retry_count: number;
  readonly attempt_count: number;
  readonly next_attempt_at: string | null;
  readonly deadline_at: string;
  readonly created_at: string;
  readonly ended_at: string | null;
  readonly states: readonly { readonly state: DeliveryState; readonly at: string }[];
  readonly attempts: readonly Attempt[];
};

/** `receipts`: what its device told, the earliest first. Absent from earlier versions. */
export type DeliveryWithReceipts = Delivery & { readonly receipts?: readonly Receipt[] };

/** A delivery beside what it was about, with its last attempt alone. */
export type UserDelivery = Omit<Delivery, 'states' | 'attempts'> & {
  /** Null where the notification is forgotten already. */
  readonly type: string | null;
  readonly title: string | null;
  /** Absent before the first. */
  readonly last_attempt?: Attempt | undefined;
};

/** `PushSubscription.toJSON()` of a browser, and whose it is. */
export type SubscriptionInput = {
  readonly user_id: string;
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
  readonly expirationTime?: number | null | undefined;
  readonly expiration_time?: number | string | null | undefined;
  readonly vapid_public_key?: string | null | undefined;
  readonly replaces_id?: string | null | undefined;
  readonly locale?: string | null | undefined;
  readonly time_zone?: string | null | undefined;
  readonly user_agent?: string | null | undefined;
};

/** What is to be removed: whatever has this endpoint, or one user's alone. */
export type SubscriptionRemoval = { readonly endpoint: string; readonly user_id?: string | undefined };

/** How many there were, retired ones among them; 0 where there was none. */
export type RemovedSubscriptions = { readonly removed: number };

export type Subscription = {
  readonly id: string;
  readonly user_id: string;
  readonly endpoint: string;
  readonly active: boolean;
  readonly retired_reason: string | null;
  readonly retired_at: string | null;
  readonly retired_by: string | null;
  readonly quarantined_since: string | null;
  readonly quarantined_until: string | null;
  readonly suspected_by: string | null;
  readonly push_service: string;
  readonly vapid_public_key: string;
  readonly expiration_time: string | null;
  readonly locale: string | null;
  readonly time_zone: string | null;
  readonly user_agent: string | null;
  readonly replaces: string | null;
  readonly created_at: string;
  readonly updated_at: string;
};

export type PageQuery = { readonly limit?: number | undefined; readonly cursor?: string | undefined };

export type SubscriptionQuery = PageQuery & {
  readonly user_id?: string | undefined;
  readonly include_inactive?: boolean | undefined;
};

/** From an instant on (ISO 8601), and before another. */
type Span = { readonly from?: string | undefined; readonly until?: string | undefined };

/** `push_service`: a name (`fcm`, `mozilla`, `apple`, `wns`, `other`), or an origin as a delivery shows it. */
type OfService = { readonly push_service?: string | undefined };

export type DeliveryQuery = PageQuery &
  OfService & {
    readonly user_id?: string | undefined;
    readonly state?: DeliveryState | undefined;
    readonly reason?: string | undefined;
  };

/** Times are those of the notification’s acceptance. */
export type UserDeliveryQuery = Omit<DeliveryQuery, 'user_id'> & Span;

/** Times are those at which attempts began. */
export type AttemptQuery = PageQuery &
  OfService &
  Span & { readonly user_id?: string | undefined; readonly outcome?: string | undefined };

export type NotificationQuery = PageQuery & {
  /** Those with a delivery to this user. */
  readonly user_id?: string | undefined;
  readonly type?: string | undefined;
  readonly status?: NotificationStatus | undefined;
  /** `send_at`: those that are scheduled, the next one first. */
  readonly sort?: 'accepted_at' | 'send_at' | undefined;
  readonly from?: string | undefined;
  readonly until?: string | undefined;
};

/** One page of a listing; `next_cursor` is null on the last. */
export type Page<Item> = { readonly items: readonly Item[]; readonly next_cursor: string | null };
