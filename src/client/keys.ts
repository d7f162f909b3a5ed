import type { Caller, CallOptions } from './caller.ts';

/** The VAPID keys that browsers subscribed with, and how far they have moved to the current one. */
export type VapidKeys = {
  /** Made, but not in use before the next start; null where none waits. */
  readonly next_public_key: string | null;
  readonly moved_percent: number;
  /** It may be more: of two keys there are more than were counted. */
  readonly moved_is_at_least: boolean;
  readonly items: readonly {
    readonly public_key: string;
    readonly current: boolean;
    /** False: nothing can be sent with it. */
    readonly held: boolean;
    readonly active_subscriptions: number;
    /** There are more, which were not counted. */
    readonly is_at_least: boolean;
  }[];
};

export type RotatedVapidKey = { readonly public_key: string; readonly next_public_key: string };

/** How many active subscriptions will go stale, and when; no items before they were counted. */
export type AgingForecast = {
  readonly counted_at: string | null;
  readonly stale_after_days: number;
  readonly items: readonly {
    readonly push_service: string;
    readonly overdue: number;
    readonly within_30_days: number;
    readonly within_90_days: number;
    readonly within_180_days: number;
    readonly later: number;
  }[];
};

export type KeyCalls = {
  /** How far a rotation has come. */
  list(options?: CallOptions): Promise<VapidKeys>;
  /** Makes a new key for the next start; repeated before that, it makes no second one. */
  rotate(options?: CallOptions): Promise<RotatedVapidKey>;
  aging(options?: CallOptions): Promise<AgingForecast>;
};

export function keysOf(caller: Caller): KeyCalls {
  return {
    list: ({ signal } = {}) => caller({ method: 'GET', path: '/v1/push/vapid-keys', signal }),
    rotate: ({ signal } = {}) => caller({ method: 'POST', path: '/v1/push/vapid-keys/rotate', signal }),
    aging: ({ signal } = {}) => caller({ method: 'GET', path: '/v1/push/aging', signal }),
  };
}
