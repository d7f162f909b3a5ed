import type { Caller, CallOptions } from './caller.ts';
import { wait } from './retry.ts';

/** What each type of event tells. Later versions may know more types. */
export type EventData = {
  'notification.completed': { readonly notification_id: string };
  'notification.suppressed': {
    readonly notification_id: string;
    readonly users: number;
    readonly by_reason: Readonly<Record<string, number>>;
  };
  'delivery.failed': {
    readonly delivery_id: string;
    readonly notification_id: string;
    readonly subscription_id: string;
    readonly reason: string | null;
    readonly outcome: string | null;
    readonly attempts: number;
  };
  'subscription.created': { readonly subscription_id: string; readonly cause: string };
  'subscription.retired': { readonly subscription_id: string; readonly reason: string };
  'prune_hold.opened': {
    readonly prune_hold_id: string;
    readonly scope: string;
    readonly subject: string;
    readonly gone_count: number;
    readonly answer_count: number;
  };
  'prune_hold.decided': { readonly prune_hold_id: string; readonly state: string };
  'experiment.decided': {
    readonly experiment_key: string;
    readonly notification_id: string;
    readonly winner: string | null;
    readonly sends: string | null;
  };
  'schedule.missed': {
    readonly schedule_key: string;
    readonly first_at: string;
    readonly last_at: string;
    readonly count: number;
    readonly is_at_least: boolean;
  };
  'receipt.recorded': Readonly<Record<string, unknown>>;
  'webhook.disabled': { readonly webhook_endpoint_id: string; readonly reason: string };
};
export type EventType = keyof EventData;

/** One thing that happened. `sequence` is its place among all. Narrow `data` by `type` with `isEvent`. */
export type BellhopEvent<Type extends EventType = EventType> = {
  readonly sequence: number;
  readonly id: string;
  readonly type: Type;
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>> & Partial<EventData[Type]>;
};

export type EventPage = {
  readonly items: readonly BellhopEvent[];
  /** Give it back as `after` to go on. */
  readonly next_after: number;
  readonly has_more: boolean;
  /** Something after the number that was given is no longer kept: read anew what you hold. */
  readonly resync: boolean;
};

export type EventQuery = {
  /** Only those after this `sequence`; `latest`: only what comes. Left out: from the oldest that is kept. */
  readonly after?: number | 'latest' | undefined;
  readonly limit?: number | undefined;
};

export type FollowOptions = CallOptions & {
  readonly after?: EventQuery['after'];
  /** How often it looks where nothing came, in milliseconds; 1000 unless given. */
  readonly everyMs?: number | undefined;
  /** Called before the events that follow a gap: something that happened is not told any more. */
  readonly onResync?: (() => void) | undefined;
};

export type EventCalls = {
  list(query?: EventQuery, options?: CallOptions): Promise<EventPage>;
  /**
   * What happened and what happens, one after the other, without an end: keep the `sequence` of what you have dealt with, and give it as
   * `after` the next time. Where Bellhop is away it waits for it to come back. Ends with the signal’s reason.
   */
  follow(options?: FollowOptions): AsyncGenerator<BellhopEvent, never>;
};

const LONGEST_WAIT_MS = 30_000;

/** The events of one caller. */
export function eventsOf(caller: Caller): EventCalls {
  const list = (query: EventQuery = {}, { signal }: CallOptions = {}): Promise<EventPage> =>
    caller({ method: 'GET', path: '/v1/events', query, signal });
  return {
    list,
    async *follow({ after = 0, everyMs = 1000, onResync, signal } = {}) {
      let cursor = after;
      for (let failures = 0; ; ) {
        try {
          const {
            items,
            next_after: next,
            has_more: hasMore,
            resync,
          } = await list({ after: cursor, limit: 200 }, { signal });
          failures = 0;
          if (resync) onResync?.();
          yield* items;
          cursor = next;
          if (!hasMore) await wait(everyMs, signal);
        } catch (error) {
          if (!isPassing(error)) throw error;
          failures += 1;
          await wait(Math.min(LONGEST_WAIT_MS, everyMs * 2 ** failures), signal);
        }
      }
    },
  };
}

/** The caller has tried again already: the service is away for longer than that. */
function isPassing(error: unknown): boolean {
  const { code, status = null } = error as { readonly code?: unknown; readonly status?: number | null };
  return code === 'timeout' || code === 'connection_failed' || (status !== null && status >= 500) || status === 429;
}
