import { Buffer } from 'node:buffer';

export const PRIORITIES = ['high', 'normal', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** RFC 8030 section 5.3. */
export const URGENCIES = ['very-low', 'low', 'normal', 'high'] as const;
export type Urgency = (typeof URGENCIES)[number];

/** `accepted`: durable, deliveries still being created. `sending`: some delivery is not final. `completed`: all are. */
export const NOTIFICATION_STATUSES = ['accepted', 'sending', 'completed'] as const;
export type NotificationStatus = (typeof NOTIFICATION_STATUSES)[number];

/** What the device shows. Absent fields stay absent: a worker that prints `null` helps nobody. */
export type NotificationContent = {
  readonly type: string;
  readonly title: string;
  readonly body?: string;
  readonly icon?: string;
  readonly url?: string;
  readonly locale?: string;
  readonly data?: Readonly<Record<string, unknown>>;
};

/** Immutable once accepted, but for `status` and the fan-out cursor. */
export type Notification = {
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

/** Past this instant a delivery is `expired`, never sent late. */
export function deadlineAtMs(notification: Pick<Notification, 'acceptedAtMs' | 'ttlSeconds'>): number {
  return notification.acceptedAtMs + notification.ttlSeconds * 1000;
}

type PayloadSource = Pick<Notification, 'id' | 'content' | 'topic'>;

/**
 * The JSON text that a device decrypts. The topic is in it as `tag`, so that a newer notification takes an older one's
 * place on the screen, too.
 */
export function payloadFor({ id, content, topic }: PayloadSource): string {
  const { type, title, body, icon, url, locale, data } = content;
  const tag = topic ?? undefined;
  return JSON.stringify({ notification_id: id, type, title, body, icon, url, tag, locale, data });
}

/** The payload's size in octets and the field that takes most of it, for an error a caller can act on. */
export function measurePayload(source: PayloadSource): { octets: number; largestField: string } {
  const octetsOf = (text: string): number => Buffer.byteLength(text, 'utf8');
  const sizes = Object.entries({ ...source.content, topic: source.topic ?? undefined })
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => ({ field, octets: octetsOf(JSON.stringify(value)) }));
  const largest = sizes.reduce((a, b) => (b.octets > a.octets ? b : a));
  return { octets: octetsOf(payloadFor(source)), largestField: largest.field };
}
