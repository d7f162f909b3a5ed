import type { Collections } from '../../../../src/store/mongodb/collections/collections.ts';
import { NOW_MS } from '../../../support/samples.ts';
import { BULK_ACTION_QUESTIONS, fillBulkActions } from './bulk-action-questions.ts';
import { ERASURE_QUESTIONS, fillErasures } from './erasure-questions.ts';

/** What each query about the console is asked for. */
export const CONSOLE_QUESTIONS: Readonly<Record<string, unknown>> = {
  'expired idempotency keys': new Date(NOW_MS + 20),
  'expired nonces': new Date(NOW_MS + 20),
  ...BULK_ACTION_QUESTIONS,
  'notifications of a request': 'request-5',
  nonce: 'nonce-5',
  'idempotency key': 'key-5',
  'idempotency keys': ['key-5', 'key-6', 'none'],
  ...ERASURE_QUESTIONS,
  'sign-in link': { digest: 'digest-5', now: new Date(NOW_MS) },
  'operator session': { digest: 'digest-5', now: new Date(NOW_MS) },
  'audit listed': { before: 500 },
  'audit of an author': { before: 500, who: 'who-5' },
  'audit of an action': { before: 500, action: 'action-5' },
  'audit of a target': { before: 500, target: 'target-5' },
  'audit from a place on': 500,
  'expired sign in links': new Date(NOW_MS + 20),
  'expired operator sessions': new Date(NOW_MS + 20),
};

export async function fillConsole(collections: Collections): Promise<void> {
  await fillBulkActions(collections);
  await fillErasures(collections);
  const signedIn = Array.from({ length: 1000 }, (_, index) => ({
    _id: `digest-${index}`,
    name: 'Ann',
    role: 'viewer' as const,
    expiresAt: new Date(NOW_MS + index),
    createdAtMs: NOW_MS,
    keyId: null,
  }));
  const sealed = (text: string) => ({ text, salt: 's', seal: 's' });
  await collections.audit.insertMany(
    signedIn.map((_, index) => ({
      ...{
        _id: index + 1,
        atMs: NOW_MS,
        by: 'key' as const,
        action: `action-${index % 20}`,
        requestId: 'r',
        refusal: null,
      },
      ...{ who: sealed(`who-${index % 20}`), target: sealed(`target-${index % 20}`), from: sealed('') },
      ...{ previous: '', hash: '' },
    })),
  );
  await collections.sign_in_links.insertMany(signedIn);
  await collections.operator_sessions.insertMany(signedIn);
}
