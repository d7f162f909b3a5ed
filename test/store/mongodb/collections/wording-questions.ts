import type { Collections } from '../../../../src/store/mongodb/collections/collections.ts';
import { NOW_MS } from '../../../support/samples.ts';

/** What the queries of templates, and of values that recipients have, are asked for. */
export const WORDING_QUESTIONS: Readonly<Record<string, unknown>> = {
  'template version': 'key-50 2',
  'versions of a template': { key: 'key-50', below: 1e9 },
  'templates listed': 'key-50',
  'deleted templates': NOW_MS + 20,
  'expired values of recipients': new Date(NOW_MS + 20),
  'values of recipients': ['ntf_1 0', 'ntf_1 1'],
};

/** What the queries of suppressions of this notification, and of one cap, are asked for. */
export function suppressionQuestions(notificationId: string): Readonly<Record<string, unknown>> {
  return {
    'suppressions of a notification': { notificationId, fromId: '' },
    'listed user': { notificationId, userId: 'nobody' },
    'suppressions of a user': { userId: 'user-1', beforeId: notificationId },
    'expired uses of caps': new Date(NOW_MS + 20),
    'uses of a cap': { userId: 'user-1', pattern: '*' },
  };
}

export async function fillWordings({ templates, recipient_values: values }: Collections): Promise<void> {
  await templates.insertMany(
    Array.from({ length: 2000 }, (_, index) => ({
      _id: `key-${index % 100} ${Math.floor(index / 100)}`,
      key: `key-${index % 100}`,
      version: Math.floor(index / 100),
      wording: '{}',
      createdAtMs: NOW_MS + index,
      ...(index >= 1900 && { deletedAtMs: NOW_MS + index - 1900 }),
    })),
  );
  await values.insertMany(
    Array.from({ length: 500 }, (_, index) => ({
      _id: `ntf_${index} 0`,
      values: '[]',
      expiresAt: new Date(NOW_MS + index),
    })),
  );
}
