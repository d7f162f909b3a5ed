import { type Audience, namedIn } from '../../../domain/audience/audience.ts';
import type { ExperimentOutcome } from '../../../domain/experiment/experiment.ts';
import type { Milestones } from '../../../domain/notification/milestones.ts';
import {
  deadlineAtMs,
  type Notification,
  type NotificationContent,
  type NotificationStatus,
  type Urgency,
} from '../../../domain/notification/notification.ts';
import type { Priority } from '../../../domain/notification/priority.ts';
import type { SendAt } from '../../../domain/notification/send-at.ts';
import { AUDIENCE_START } from '../../audience-cursor.ts';
import { decodeText, encodeText } from '../../stored-text.ts';
import type { WithOutbox } from './event-queries.ts';

export type NotificationDocument = WithOutbox & {
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
  /** The page of the fan-out that was begun at a cursor, in this wave. It says nothing of any other. */
  readonly page?: {
    readonly from: string;
    readonly to: string | null;
    readonly userIds: readonly string[];
    readonly followingAtMs?: number | null;
  };
  /** Absent where it is sent at once: see `Timing`. */
  readonly sendAt?: SendAt;
  /** Absent, too, once nothing is to be done any more. */
  readonly dueAtMs?: number;
  readonly followingAtMs?: number;
  readonly lastWaveAtMs?: number;
  readonly releasedUsers?: number;
  readonly cancelledAtMs?: number;
  /** Absent until it got so far, and where an earlier version did not note it: see `Milestones`. */
  readonly fanOutBeganAtMs?: number;
  readonly fanOutEndedAtMs?: number;
  readonly completedAtMs?: number;
  /** Absent before its test is decided, and without one. */
  readonly decided?: ExperimentOutcome;
  /** Where its fan-out was when it was cancelled, until all has ended. */
  readonly cancelledCursor?: string;
  /** Absent where the caller gave the request no name. */
  readonly requestId?: string;
  /** When it was accepted, sent or cancelled, from which retention counts; null until completed or cancelled. */
  readonly retainedFrom: Date | null;
};

export function toNotificationDocument(notification: Notification, audience: Audience): NotificationDocument {
  const { id, content, topic, sendAt, dueAtMs, lastWaveAtMs, releasedUsers, cancelledAtMs: _, ...rest } = notification;
  return {
    ...rest,
    ...(sendAt !== null && { sendAt }),
    ...(dueAtMs !== null && { dueAtMs }),
    ...(lastWaveAtMs !== null && { lastWaveAtMs }),
    ...(releasedUsers !== null && { releasedUsers }),
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
    sendAt: document.sendAt ?? null,
    dueAtMs: document.dueAtMs ?? null,
    lastWaveAtMs: document.lastWaveAtMs ?? null,
    releasedUsers: document.releasedUsers ?? null,
    cancelledAtMs: document.cancelledAtMs ?? null,
    ...(document.decided !== undefined && { decided: document.decided }),
  };
}

export function toMilestones(document: NotificationDocument): Milestones {
  return {
    fanOutBeganAtMs: document.fanOutBeganAtMs ?? null,
    fanOutEndedAtMs: document.fanOutEndedAtMs ?? null,
    completedAtMs: document.completedAtMs ?? null,
  };
}
