import type { Caller, CallOptions } from './caller.ts';
import type { AudienceInput } from './content.ts';
import { pathSegment } from './path-segment.ts';
import type { Erasure } from './privacy.ts';
import type { ReceiptEvent } from './receipts.ts';
import type { Page, PageQuery, Priority, Urgency } from './resources.ts';
import type { UserPatch } from './user-patch.ts';

export type User = {
  readonly user_id: string;
  readonly time_zone: string | null;
  readonly locale: string | null;
  /** Always there for an API key. */
  readonly tags?: readonly string[] | undefined;
  readonly preferences: Readonly<Record<string, boolean>>;
  readonly quiet_hours: {
    readonly from: string;
    readonly until: string;
    readonly days?: readonly string[] | undefined;
  } | null;
  readonly paused_until: string | null;
  readonly created_at: string;
  readonly updated_at: string;
};

export type UserQuery = PageQuery & { readonly tag?: string | undefined };

/** What is to be given and taken: tags of a user, or users of a tag. */
export type TagChange = {
  readonly add?: readonly string[] | undefined;
  readonly remove?: readonly string[] | undefined;
};

export type Tag = { readonly tag: string; readonly user_count: number };

/** What is left out is left to shorter patterns. */
export type TypeRuleInput = {
  readonly ttl_seconds?: number | undefined;
  readonly urgency?: Urgency | undefined;
  readonly priority?: Priority | undefined;
  readonly preference?: 'opted_in' | 'opted_out' | 'required' | undefined;
  readonly overrides?: readonly ('quiet_hours' | 'cap')[] | undefined;
  readonly cap?: { readonly limit: number; readonly per_seconds: number } | undefined;
  readonly on_quiet?: 'hold' | 'drop' | undefined;
  /** What devices may be asked to tell, where the server asks for it. */
  readonly tracking?: readonly ReceiptEvent[] | undefined;
};

export type TypeRule = Omit<TypeRuleInput, 'overrides'> & {
  readonly pattern: string;
  readonly overrides?: readonly string[] | undefined;
};

export type Segment = { readonly key: string; readonly tags: string };

export type AudienceCount = {
  readonly users: number;
  readonly subscriptions: number;
  readonly subscriptions_by_service: Readonly<Record<string, number>>;
  /** There are more: they could not all be counted within a second. */
  readonly is_at_least: boolean;
};

export type SuppressionReason =
  | 'cancelled'
  | 'local_time_passed'
  | 'missed'
  | 'no_subscription'
  | 'opted_out'
  | 'paused'
  | 'quiet_hours'
  | 'quiet_hours_past_deadline'
  | 'capped'
  | 'holdout'
  | 'experiment_inconclusive'
  | 'render_failed';

/** What the gate that says no has to say. */
export type SuppressionDetail = {
  readonly pattern?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly limit?: number | undefined;
  readonly per_seconds?: number | undefined;
  readonly locale?: string | undefined;
  readonly problem?: string | undefined;
  readonly experiment?: string | undefined;
  readonly percent?: number | undefined;
};

export type Suppression = {
  readonly notification_id: string;
  readonly user_id: string;
  readonly reason: SuppressionReason;
  readonly detail: SuppressionDetail;
  readonly at: string;
};

export type SuppressionQuery = PageQuery & { readonly reason?: SuppressionReason | undefined };

/** A type, now or at an instant (ISO 8601); or a notification that was accepted. */
export type ExplainQuery =
  | { readonly type: string; readonly at?: string | Date | undefined }
  | { readonly notification_id: string };

export type Explanation = {
  readonly user_id: string;
  readonly type: string;
  readonly at: string;
  /** For people. */
  readonly sentence: string;
  readonly outcome: 'send' | 'hold' | 'suppress';
  readonly reason: SuppressionReason | null;
  readonly held_until: string | null;
  readonly detail: SuppressionDetail;
  readonly time_zone: string;
  readonly subscription_ids: readonly string[];
  /** What did become of the notification for this user; null before it was fanned out. */
  readonly became: { readonly delivery_count: number; readonly suppressed: boolean } | null;
};

/** Who gets what. A user, tag, type or segment called `.` or `..` has no path: those calls reject with a RangeError. */
export type People = {
  readonly users: {
    /** Rejects with `user_not_found` where nothing was said of the user. */
    get(userId: string, options?: CallOptions): Promise<User>;
    list(query?: UserQuery, options?: CallOptions): Promise<Page<User>>;
    /** Makes the user where nothing was said before. */
    patch(userId: string, patch: UserPatch, options?: CallOptions): Promise<User>;
    changeTags(userId: string, change: TagChange, options?: CallOptions): Promise<User>;
    /** Erases the person, for good: subscriptions, what waits, what was said, and their name wherever it stands. */
    erase(userId: string, options?: CallOptions): Promise<Erasure>;
    /** All that is known of the person, as `GET /v1/users/{user_id}/export` documents it. */
    export(userId: string, options?: CallOptions): Promise<Readonly<Record<string, unknown>>>;
    /** Whether, when and on which devices the user gets something, and why not. */
    explain(userId: string, query: ExplainQuery, options?: CallOptions): Promise<Explanation>;
    /** What the user did not get, and why; but for what came while they had no device. */
    suppressions(userId: string, query?: PageQuery, options?: CallOptions): Promise<Page<Suppression>>;
  };
  readonly tags: {
    list(query?: PageQuery, options?: CallOptions): Promise<Page<Tag>>;
    /** Up to 10 000 users a call. */
    changeUsers(tag: string, change: TagChange, options?: CallOptions): Promise<void>;
  };
  /** By pattern: a type’s name, a beginning such as `digest.*`, or `*`. */
  readonly types: {
    list(options?: CallOptions): Promise<readonly TypeRule[]>;
    get(pattern: string, options?: CallOptions): Promise<TypeRule>;
    put(pattern: string, rule: TypeRuleInput, options?: CallOptions): Promise<TypeRule>;
    delete(pattern: string, options?: CallOptions): Promise<void>;
  };
  readonly segments: {
    list(options?: CallOptions): Promise<readonly Segment[]>;
    put(key: string, tags: string, options?: CallOptions): Promise<Segment>;
    delete(key: string, options?: CallOptions): Promise<void>;
  };
  readonly audiences: { count(audience: AudienceInput, options?: CallOptions): Promise<AudienceCount> };
};

/** On the wire an instant is text. */
function explainQuery(query: ExplainQuery) {
  return 'type' in query && query.at instanceof Date ? { ...query, at: query.at.toISOString() } : query;
}

/** The calls about users, types and audiences. */
export function peopleOf(caller: Caller): People {
  const get = <Result>(path: string, query = {}, { signal }: CallOptions = {}) =>
    caller<Result>({ method: 'GET', path, query, signal });
  const write = <Result>(method: 'POST' | 'PUT' | 'PATCH', path: string, body: unknown, options: CallOptions = {}) =>
    caller<Result>({ method, path, body, signal: options.signal });
  const remove = async (path: string, { signal }: CallOptions = {}): Promise<void> => {
    await caller({ method: 'DELETE', path, signal });
  };
  const itemsAt = async <Item>(path: string, options?: CallOptions) =>
    (await get<{ items: readonly Item[] }>(path, {}, options)).items;
  const user = (id: string, below = ''): string => `/v1/users/${pathSegment(id)}${below}`;
  const type = (pattern: string): string => `/v1/types/${pathSegment(pattern)}`;
  const segment = (key: string): string => `/v1/segments/${pathSegment(key)}`;
  return {
    users: {
      get: async (id, options) => get(user(id), {}, options),
      list: (query, options) => get('/v1/users', query, options),
      patch: async (id, patch, options) => write('PATCH', user(id), patch, options),
      changeTags: async (id, change, options) => write('POST', user(id, '/tags'), change, options),
      erase: async (id, { signal } = {}) => caller({ method: 'DELETE', path: user(id), signal }),
      export: async (id, options) => get(user(id, '/export'), {}, options),
      explain: async (id, query, options) => get(user(id, '/explain'), explainQuery(query), options),
      suppressions: async (id, query, options) => get(user(id, '/suppressions'), query, options),
    },
    tags: {
      list: (query, options) => get('/v1/tags', query, options),
      async changeUsers(tag, change, options) {
        await write('POST', `/v1/tags/${pathSegment(tag)}/users`, change, options);
      },
    },
    types: {
      list: (options) => itemsAt('/v1/types', options),
      get: async (pattern, options) => get(type(pattern), {}, options),
      put: async (pattern, rule, options) => write('PUT', type(pattern), rule, options),
      delete: async (pattern, options) => remove(type(pattern), options),
    },
    segments: {
      list: (options) => itemsAt('/v1/segments', options),
      put: async (key, tags, options) => write('PUT', segment(key), { tags }, options),
      delete: async (key, options) => remove(segment(key), options),
    },
    audiences: { count: (audience, options) => write('POST', '/v1/audiences/count', audience, options) },
  };
}
