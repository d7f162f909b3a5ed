import { type Audience, namedIn } from '../../../domain/audience/audience.ts';
import {
  deadlineAtMs,
  type Notification,
  type NotificationContent,
  type NotificationStatus,
  type Urgency,
} from '../../../domain/notification/notification.ts';
import type { Priority } from '../../../domain/notification/priority.ts';
import { AUDIENCE_START } from '../../audience-cursor.ts';
import { decodeText, encodeText } from '../../stored-text.ts';

export type NotificationDocument = {
  readonly _id: string;
  readonly type: string;
  readonly priority: Priority;
  readonly ttlSeconds: number;
  readonly urgency: Urgency;
  readonly topic: string | null;
  readonly userCount: number;
  readonly status: NotificationStatus;
  readonly acceptedAtMs: number;
  readonly deadlineAtMs: number;
  /** JSON: a caller's `data` may have names that MongoDB does not take. */
  readonly content: string;
  /** Audience and fan-out cursor, in the same document so that all is accepted in one write; gone when it is finished. */
  readonly userIds?: readonly string[];
  /** JSON of an audience whose users are found when it is sent. */
  readonly audience?: string;
  readonly cursor?: string;
  /** When it was accepted, from which retention counts; null until completed. */
  readonly retainedFrom: Date | null;
};

export function toNotificationDocument(notification: Notification, audience: Audience): NotificationDocument {
  const { id, content, topic, ...rest } = notification;
  return {
    ...rest,
    _id: id,
    type: encodeText(content.type),
    topic: topic === null ? null : encodeText(topic),
    deadlineAtMs: deadlineAtMs(notification),
    content: JSON.stringify(content),
    userIds: namedIn(audience).map(encodeText),
    ...(audience.kind !== 'user_ids' && { audience: JSON.stringify(audience) }),
    cursor: AUDIENCE_START,
    retainedFrom: null,
  };
}

export function toNotification(document: NotificationDocument): Notification {
  return {
    id: document._id,
    content: JSON.parse(document.content) as NotificationContent,
    priority: document.priority,
    ttlSeconds: document.ttlSeconds,
    urgency: document.urgency,
    topic: document.topic === null ? null : decodeText(document.topic),
    userCount: document.userCount,
    status: document.status,
    acceptedAtMs: document.acceptedAtMs,
  };
}
