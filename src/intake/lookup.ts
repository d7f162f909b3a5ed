import { ID_PREFIXES } from '../domain/ids.ts';
import { isUserId } from '../domain/user/user-id.ts';
import type { Store } from '../store/store.ts';

/** What a text can lead to, each with what ids of it begin with. */
const BY_PREFIX = [
  ['notification', ID_PREFIXES.notification],
  ['delivery', ID_PREFIXES.delivery],
  ['subscription', ID_PREFIXES.subscription],
  ['prune_hold', ID_PREFIXES.pruneHold],
  ['bulk_action', ID_PREFIXES.bulkAction],
  ['webhook_endpoint', ID_PREFIXES.webhookEndpoint],
  ['erasure', ID_PREFIXES.erasure],
] as const;

export const FOUND_KINDS = [
  'notification',
  'delivery',
  'subscription',
  'prune_hold',
  'bulk_action',
  'webhook_endpoint',
  'erasure',
  'user',
] as const;
export const FOUND_BY = ['id', 'idempotency_key', 'request_id'] as const;

/** Something that a text names, and what the text is of it. */
export type Found = {
  readonly kind: (typeof FOUND_KINDS)[number];
  readonly id: string;
  readonly by: (typeof FOUND_BY)[number];
};

export type LookUp = (text: string) => Promise<readonly Found[]>;

export type LookUpOptions = {
  readonly store: Pick<Store, 'notifications' | 'users' | 'subscriptions'>;
  /** Under each of which an idempotency key means something else. */
  readonly keyIds: () => readonly string[];
};

/** A caller may give one request id to very many notifications. */
const MOST_FOUND = 50;

/**
 * What a text leads to: the one thing that it is the id of, whether that is there or not; else the notifications that came with it as
 * idempotency key or request id, and the user of that id, if one is known.
 */
export function createLookUp({ store, keyIds }: LookUpOptions): LookUp {
  return async (text) => {
    const [kind] = BY_PREFIX.find(([, prefix]) => text.startsWith(prefix)) ?? [];
    if (kind !== undefined) return [{ kind, id: text, by: 'id' }];
    const [called, isKnown] = await Promise.all([calledSo(store, keyIds(), text), isKnownUser(store, text)]);
    return isKnown ? [...called, { kind: 'user', id: text, by: 'id' }] : called;
  };
}

async function calledSo(
  { notifications }: LookUpOptions['store'],
  keyIds: readonly string[],
  text: string,
): Promise<readonly Found[]> {
  const keys = [...new Set(keyIds)].map((keyId) => `${keyId}:${text}`);
  const { byKey, byRequest } = await notifications.ofCall({ keys, requestId: text, limit: MOST_FOUND });
  const found = [
    ...byKey.map((id) => ({ kind: 'notification', id, by: 'idempotency_key' }) as const),
    ...byRequest.map((id) => ({ kind: 'notification', id, by: 'request_id' }) as const),
  ];
  return found.filter(({ id }, index) => found.findIndex((other) => other.id === id) === index);
}

async function isKnownUser({ users, subscriptions }: LookUpOptions['store'], userId: string): Promise<boolean> {
  if (!isUserId(userId)) return false;
  if ((await users.get(userId)) !== null) return true;
  return (await subscriptions.list({ userId, includeRetired: true, cursor: null, limit: 1 })).items.length > 0;
}
