import type { Priority } from './priority.ts';
import type { Timing } from './send-at.ts';

/** RFC 8030 section 5.3. */
export const URGENCIES = ['very-low', 'low', 'normal', 'high'] as const;
export type Urgency = (typeof URGENCIES)[number];

/**
 * `scheduled`: its time, or that of its first wave, has not come. `accepted`: durable, deliveries still being created. `sending`: some
 * delivery is not final, or a wave is yet to come. `completed`: all are final. `cancelled`: somebody called it off.
 */
export const NOTIFICATION_STATUSES = ['scheduled', 'accepted', 'sending', 'completed', 'cancelled'] as const;
export type NotificationStatus = (typeof NOTIFICATION_STATUSES)[number];

/** A button below the text. Without a `url` of its own it leads where the notification does. */
export type NotificationAction = {
  readonly action: string;
  readonly title: string;
  readonly icon?: string;
  readonly url?: string;
};

export const TEXT_DIRECTIONS = ['auto', 'ltr', 'rtl'] as const;
type TextDirection = (typeof TEXT_DIRECTIONS)[number];

/** What browsers show at most (`Notification.maxActions`). */
export const MAX_ACTIONS = 2;

/**
 * Where a click leads to: any open page of the site, one that shows the `url` already, or always a new one. What there is
 * not is opened.
 */
export const OPEN_IN = ['site_tab', 'page_tab', 'new_tab'] as const;
type OpenIn = (typeof OPEN_IN)[number];

/** What the device shows. Absent fields stay absent: a worker that prints `null` helps nobody. */
export type NotificationContent = {
  readonly type: string;
  readonly title: string;
  readonly body?: string;
  readonly icon?: string;
  /** A large picture, where there is room. */
  readonly image?: string;
  /** A small one-coloured picture, for example in Android's status bar. */
  readonly badge?: string;
  readonly url?: string;
  readonly openIn?: OpenIn;
  readonly actions?: readonly NotificationAction[];
  readonly locale?: string;
  readonly dir?: TextDirection;
  /** Stays on the screen until somebody deals with it. */
  readonly requireInteraction?: boolean;
  /** No sound, no vibration. */
  readonly silent?: boolean;
  /** On, off, on, … in milliseconds. */
  readonly vibrate?: readonly number[];
  /** Whether one that takes another's place on the screen alerts again. */
  readonly renotify?: boolean;
  /** When that was which it tells of. */
  readonly timestampMs?: number;
  /** The number on the installed app's icon; 0 takes it away. */
  readonly appBadge?: number;
  readonly data?: Readonly<Record<string, unknown>>;
};

/** Immutable once accepted, but for `status`, the fan-out cursor, and what `Timing` says of waves and of cancelling. */
export type Notification = Timing & {
  readonly id: string;
  readonly content: NotificationContent;
  readonly priority: Priority;
  readonly ttlSeconds: number;
  readonly urgency: Urgency;
  /** The caller's collapse key, not yet the `Topic` header. */
  readonly topic: string | null;
  readonly userCount: number;
  readonly status: NotificationStatus;
  readonly acceptedAtMs: number;
};

/** A service may refuse bodies over 4096 octets (RFC 8030 section 7.2); aes128gcm takes 103 of them. */
export const MAX_PAYLOAD_OCTETS = 3993;

/** Firefox on Android passes no more than about 2744 octets; what is larger may not reach it. */
export const SAFE_PAYLOAD_OCTETS = 2700;

/** FCM's maximum TTL, 28 days; Mozilla clamps to 30. */
export const MAX_TTL_SECONDS = 2_419_200;

/** Past this instant a delivery is `expired`, never sent late. Of a notification in waves, the deadline of the last wave. */
export function deadlineAtMs(notification: Pick<Notification, 'acceptedAtMs' | 'lastWaveAtMs' | 'ttlSeconds'>): number {
  return (notification.lastWaveAtMs ?? notification.acceptedAtMs) + notification.ttlSeconds * 1000;
}

/** What goes into the payload. */
export type PayloadSource = Pick<Notification, 'id' | 'content' | 'topic'>;
