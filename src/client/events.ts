import type { Caller, CallOptions } from './caller.ts';
import { wait } from './retry.ts';

/** What each type of event tells. Later versions may know more types. */
export type EventData = {
  /** `cancelled`: it was called off. `status` is absent from earlier versions. */
  'notification.completed': { readonly notification_id: string; readonly status?: 'completed' | 'cancelled' };
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
  /** How often it looks where there is no stream, and how soon after one broke, in milliseconds; 1000 unless given. */
  readonly everyMs?: number | undefined;
  /** Called before the events that follow a gap: something that happened is not told any more. */
  readonly onResync?: (() => void) | undefined;
};

export type EventCalls = {
  list(query?: EventQuery, options?: CallOptions): Promise<EventPage>;
  /**
   * What happened and what happens, one after the other, without an end: keep the `sequence` of what you have dealt with, and give it as
   * `after` the next time. They come by the stream of Bellhop, or by asking again and again where something on the way lets none through.
   * Where Bellhop is away it waits for it to come back. Ends with the signal’s reason.
   */
  follow(options?: FollowOptions): AsyncGenerator<BellhopEvent, never>;
};

/** What comes after a sequence, as long as the connection holds, or up to where something is gone that was not read. */
export type EventStream = AsyncGenerator<BellhopEvent, void>;

/** Null where what answers is no stream, or something on the way keeps it back. Throws where there is no connection. */
export type OpenEventStream = (after: number, signal: AbortSignal | undefined) => Promise<EventStream | null>;

const LONGEST_WAIT_MS = 30_000;

/** The events of one caller. */
export function eventsOf(caller: Caller, openStream: OpenEventStream): EventCalls {
  const list = (query: EventQuery = {}, { signal }: CallOptions = {}): Promise<EventPage> =>
    caller({ method: 'GET', path: '/v1/events', query, signal });
  return {
    list,
    async *follow({ after = 0, everyMs = 1000, onResync, signal } = {}) {
      let cursor = after;
      let hasStream = true;
      for (let failures = 0; ; ) {
        try {
          // Page by page what there is already, what is gone included; and then the stream of what comes.
          const page: EventPage = await list({ after: cursor, limit: 200 }, { signal });
          failures = 0;
          if (page.resync) onResync?.();
          yield* page.items;
          cursor = page.next_after;
          if (page.has_more) continue;
          const stream: EventStream | null = hasStream ? await openStream(page.next_after, signal) : null;
          hasStream = stream !== null;
          const since = cursor;
          for await (const event of stream ?? []) {
            yield event;
            cursor = event.sequence;
          }
          if (cursor === since) await wait(everyMs, signal);
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
