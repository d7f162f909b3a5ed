import { NOW_MS } from '../../../support/samples.ts';

/** What the queries are asked for that are about when notifications are sent, and what ends them. */
export function whenQuestions(
  users: { readonly notificationId: string; readonly userIds: readonly string[] },
  topic: object,
): Readonly<Record<string, unknown>> {
  const { notificationId } = users;
  return {
    'due notifications': NOW_MS * 2,
    coming: { atMs: NOW_MS + 118, id: 'ntf_' },
    'cancelled before': new Date(NOW_MS * 2),
    'notification with audience': notificationId,
    'waiting of a notification': notificationId,
    'suppressed users': { notificationId, userIds: ['user-0', 'user-1'] },
    'newer of a topic': topic,
    'sent later of a topic': topic,
    'completed before': new Date(NOW_MS * 2),
    'open past the deadline': NOW_MS * 2,
  };
}
