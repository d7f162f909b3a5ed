import type { CallOptions } from './caller.ts';

/** What deliveries came to. `retrying`: times that an attempt failed and is to be repeated. */
export type SettledCounts = {
  readonly delivered: number;
  readonly pruned: number;
  readonly failed: number;
  readonly expired: number;
  readonly cancelled: number;
  readonly retrying: number;
};

/** How everything stands. Instants are ISO 8601. */
export type Overview = {
  readonly at: string;
  /** False for a while after an upgrade on MongoDB: what was there before is not in the counts yet. */
  readonly is_counted: boolean;
  /** What needs a person now, each with a sentence that says what. */
  readonly attention: readonly {
    readonly kind: string;
    readonly says: string;
    readonly subject: string | null;
    readonly count: number | null;
    readonly since: string | null;
  }[];
  readonly ended: Omit<SettledCounts, 'retrying'>;
  readonly settled: { readonly hour: SettledCounts; readonly day: SettledCounts; readonly week: SettledCounts };
  readonly waiting: readonly {
    readonly priority: string;
    readonly pending: number;
    readonly held: number;
    readonly sending: number;
    readonly retrying: number;
    readonly oldest_due_at: string | null;
  }[];
  readonly push_services: readonly {
    readonly push_service: string;
    readonly lane: string;
    readonly until: string | null;
    readonly in_flight: number;
    readonly active_subscriptions: number;
    readonly quarantined_subscriptions: number;
    readonly attempts_per_second: number;
    readonly mean_latency_ms: number | null;
  }[];
};

/** What came of the deliveries to one push service in the minute or hour that begins at `at`. */
export type OverviewStretch = SettledCounts & {
  readonly at: string;
  readonly push_service: string;
  readonly attempts: number;
  readonly mean_latency_ms: number | null;
};

/** One of the processes that share the work. */
export type Process = {
  /** A new one with each start. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly roles: readonly string[];
  readonly started_at: string;
};

/** Something that a text names, and what the text is of it: `id`, `idempotency_key` or `request_id`. */
export type Found = {
  /** `notification`, `delivery`, `subscription`, `prune_hold`, `bulk_action`, `webhook_endpoint`, `erasure` or `user`. */
  readonly kind: string;
  readonly id: string;
  readonly by: string;
};

export type OverviewCalls = {
  /** What waits, what needs a person, and the way to each push service. */
  get(options?: CallOptions): Promise<Overview>;
  /** By minute for an hour, by hour for a day or a week. Where nothing happened there is no entry. */
  deliveries(period: 'hour' | 'day' | 'week', options?: CallOptions): Promise<readonly OverviewStretch[]>;
  /** The processes of this installation that are there, the one that answers first. */
  processes(options?: CallOptions): Promise<readonly Process[]>;
  /** What a text names: an id, an idempotency key, a request id, a user. */
  lookUp(text: string, options?: CallOptions): Promise<readonly Found[]>;
};
