import type { ShownContent } from '../content/shown-content.ts';
import type { Worded } from '../content/wording.ts';
import type { ExperimentOutcome, ExperimentPlan } from '../experiment/experiment.ts';
import type { Tracking } from '../receipt/receipt.ts';
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

/** What is said and shown, but for what holds whatever is said. */
export type SaidContent = ShownContent & {
  readonly locale?: string;
  /** When that was which it tells of. */
  readonly timestampMs?: number;
  /** The number on the installed app's icon; 0 takes it away. */
  readonly appBadge?: number;
  /** Where the text is made for each recipient: then the fields beside it stand where a locale’s text says nothing. */
  readonly worded?: Worded;
};

/**
 * What the device shows. Absent fields stay absent: a worker that prints `null` helps nobody. Of a notification with an experiment, what the
 * first of its variants says stands for all in listings.
 */
export type NotificationContent = SaidContent & {
  readonly type: string;
  readonly experiment?: ExperimentPlan<SaidContent>;
  /** Which variant this is the content of; absent where there is one content for all. */
  readonly variant?: string;
  /** What devices are asked to tell; absent where nothing is. */
  readonly tracking?: Tracking;
  /** Whom it was for, where that is found when it is sent; absent where users are named. Not sent. */
  readonly audience?: { readonly everyone: true } | { readonly tags: string };
  /** The `traceparent` of the call that it came by, for spans and log lines; absent where it has none. Not sent. */
  readonly trace?: string;
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
  /** What was decided of its test; absent before, and where it has none. */
  readonly decided?: ExperimentOutcome;
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
