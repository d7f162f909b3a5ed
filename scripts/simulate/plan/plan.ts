import type { Priority } from '../../../src/domain/notification/priority.ts';
import type { TypeRule } from '../../../src/domain/notification-type/type-policy.ts';
import type { UserPatch } from '../../../src/domain/user/user.ts';

/** The push services of a world, as the emulator plays them. */
export const SERVICES = ['fcm', 'mozilla', 'apple', 'wns'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** `embedded`: one process with a store of its own. `shared`: several processes at one store, as with MongoDB and Redis. */
export type Deployment = { readonly kind: 'embedded' | 'shared'; readonly hosts: number };

/** Whom a call is for, and what it asks beside that. */
export type Send = {
  readonly to: readonly number[] | 'everyone' | 'beta';
  readonly type: string;
  readonly priority: Priority | null;
  readonly ttlSeconds: number | null;
  readonly topic: string | null;
  /** Seconds from the call, or minutes from it by the clock of each user. */
  readonly sendAt:
    | { readonly kind: 'instant'; readonly inSeconds: number }
    | { readonly kind: 'local'; readonly inMinutes: number; readonly ifPassed: 'skip' | 'send_now' | 'next_day' }
    | null;
  /** The same call comes again, so many seconds later. */
  readonly againSeconds: number | null;
};

/** What callers, browsers and operators do. Things are named by how far back they were made: the newest is 0. */
export type Act =
  | {
      readonly kind: 'register';
      readonly user: number;
      readonly device: number;
      readonly service: ServiceName;
      readonly zone: string | null;
    }
  | { readonly kind: 'unsubscribe'; readonly back: number }
  | {
      readonly kind: 'patch_user';
      readonly user: number;
      readonly patch: UserPatch;
      readonly pausedForSeconds: number | null;
    }
  | { readonly kind: 'erase'; readonly user: number }
  | { readonly kind: 'send'; readonly send: Send }
  | { readonly kind: 'cancel'; readonly back: number }
  | { readonly kind: 'replay'; readonly back: number; readonly ttlSeconds: number | null }
  | { readonly kind: 'bulk'; readonly action: 'replay' | 'discard'; readonly ttlSeconds: number | null }
  | {
      readonly kind: 'schedule';
      readonly key: string;
      readonly cron: string;
      readonly timeZone: string;
      readonly catchUpSeconds: number;
      readonly isPaused: boolean;
      readonly send: Send;
    }
  | { readonly kind: 'trigger'; readonly key: string }
  | { readonly kind: 'listen'; readonly endpoint: number }
  | { readonly kind: 'resend_events'; readonly sinceSeconds: number }
  | { readonly kind: 'decide_hold'; readonly decision: 'confirm' | 'dismiss' }
  | { readonly kind: 'pause'; readonly forSeconds: number; readonly waiting: 'send' | 'drop' };

/** How a push service treats what it gets for a while. */
export type Trouble =
  | { readonly kind: 'down'; readonly status: 500 | 503; readonly retryAfterSeconds: number | null }
  | { readonly kind: 'throttles'; readonly abovePerSecond: number; readonly retryAfterSeconds: number | null }
  | { readonly kind: 'calls_gone'; readonly shareOfDevices: number }
  | { readonly kind: 'refuses_key' }
  | { readonly kind: 'refuses_some'; readonly shareOfDevices: number }
  | { readonly kind: 'slow'; readonly delayMs: number }
  | { readonly kind: 'hangs'; readonly shareOfDevices: number }
  | { readonly kind: 'resets'; readonly shareOfDevices: number };

/** How a push service is all the time, apart from its troubles: shares from 0 to 1, of pushes that fail in passing, and of devices. */
export type Climate = { readonly fails: number; readonly gone: number; readonly refused: number };

/** What goes wrong. */
export type Fault =
  /** The process dies at one of its next calls to the store: before it is made, or before the answer is heard. */
  | {
      readonly kind: 'crash';
      readonly host: number;
      readonly calls: number;
      readonly cut: 'before' | 'after';
      readonly downSeconds: number;
    }
  | {
      readonly kind: 'power_loss';
      readonly calls: number;
      readonly cut: 'before' | 'after';
      readonly downSeconds: number;
    }
  /** It stops in good order. */
  | { readonly kind: 'restart'; readonly host: number; readonly downSeconds: number }
  | { readonly kind: 'clock_jump'; readonly host: number; readonly byMs: number }
  | { readonly kind: 'service'; readonly service: ServiceName; readonly trouble: Trouble; readonly forSeconds: number }
  | {
      readonly kind: 'queue';
      readonly forgets: number;
      readonly duplicates: number;
      readonly delays: number;
      readonly forSeconds: number;
    }
  | { readonly kind: 'slow_store'; readonly mostMs: number; readonly forSeconds: number }
  | { readonly kind: 'store_away'; readonly host: number; readonly forSeconds: number }
  | { readonly kind: 'slow_disk'; readonly mostMs: number; readonly forSeconds: number };

/** One thing that happens at one time of the world. `id` names it, whatever else is left out. */
export type Item = { readonly id: number; readonly atMs: number } & (
  | { readonly who: 'act'; readonly host: number; readonly act: Act }
  | { readonly who: 'fault'; readonly fault: Fault }
);

/** All that a world is made of. The same plan goes the same way each time. */
export type Plan = {
  readonly seed: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly deployment: Deployment;
  readonly serverZone: string;
  readonly fanOutPageSize: number;
  readonly concurrency: number;
  readonly climates: Readonly<Record<ServiceName, Climate>>;
  /** The share of events that receivers refuse. */
  readonly webhooksFail: number;
  readonly rules: Readonly<Record<string, TypeRule>>;
  readonly items: readonly Item[];
};

export function userName(user: number): string {
  return `user-${user}`;
}
