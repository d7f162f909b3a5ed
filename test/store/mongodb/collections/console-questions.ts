import type { Collections } from '../../../../src/store/mongodb/collections/collections.ts';
import { NOW_MS } from '../../../support/samples.ts';

/** What each query about the console is asked for. */
export const CONSOLE_QUESTIONS: Readonly<Record<string, unknown>> = {
  'sign-in link': { digest: 'digest-5', now: new Date(NOW_MS) },
  'operator session': { digest: 'digest-5', now: new Date(NOW_MS) },
  'expired sign in links': new Date(NOW_MS + 20),
  'expired operator sessions': new Date(NOW_MS + 20),
};

export async function fillConsole(collections: Collections): Promise<void> {
  const signedIn = Array.from({ length: 1000 }, (_, index) => ({
    _id: `digest-${index}`,
    name: 'Ann',
    role: 'viewer' as const,
    expiresAt: new Date(NOW_MS + index),
    createdAtMs: NOW_MS,
    keyId: null,
  }));
  await collections.sign_in_links.insertMany(signedIn);
  await collections.operator_sessions.insertMany(signedIn);
}
