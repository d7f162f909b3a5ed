import { AppError } from '../domain/app-error.ts';
import { type Account, accountOf } from '../domain/audience/account.ts';
import { type Member, usersNamed } from '../domain/audience/audience.ts';
import type { ReleaseFacts } from '../domain/audience/release.ts';
import type { Suppression } from '../domain/audience/suppression.ts';
import { ANY_DELIVERY } from '../domain/delivery/delivery-filter.ts';
import { deadlineAtMs } from '../domain/notification/notification.ts';
import { zoneOf } from '../domain/user/person.ts';
import type { StandingRules } from '../store/standing-rules.ts';
import type { Store } from '../store/store.ts';

/** What is asked about: a type at an instant, or a notification that was accepted. */
export type ExplainRequest =
  | { readonly kind: 'type'; readonly type: string; readonly atMs: number; readonly ttlSeconds: number | null }
  | { readonly kind: 'notification'; readonly notificationId: string };

/** What would become of it, or became of it. */
export type Explanation = {
  readonly userId: string;
  readonly type: string;
  readonly atMs: number;
  readonly zone: string;
  readonly devices: Member['devices'];
  readonly account: Account;
  /** What became of a notification that was fanned out to this user already; null where that is not so. */
  readonly became: { readonly suppression: Suppression | null; readonly deliveryCount: number } | null;
};

export type ExplainOptions = {
  readonly store: Pick<Store, 'audiences' | 'notifications' | 'suppressions' | 'deliveries' | 'users'>;
  readonly rules: StandingRules;
  readonly clock: { now(): number };
  readonly serverZone: string;
  readonly defaultTtlSeconds: number;
};

/** Tells whether, when and on which devices a user gets something, by the very gates that fan-out asks. */
export function createExplain(options: ExplainOptions) {
  return async (userId: string, request: ExplainRequest): Promise<Explanation> =>
    request.kind === 'type'
      ? explainType(options, userId, request)
      : explainNotification(options, userId, request.notificationId);
}

export type Explain = ReturnType<typeof createExplain>;

async function explainType(
  options: ExplainOptions,
  userId: string,
  { type, atMs, ttlSeconds }: Extract<ExplainRequest, { kind: 'type' }>,
): Promise<Explanation> {
  const policy = await options.rules.policyOf(type);
  const ttl = ttlSeconds ?? policy.ttlSeconds ?? options.defaultTtlSeconds;
  return explain(options, userId, { type, atMs, deadlineAtMs: atMs + ttl * 1000, exceptId: null }, null);
}

async function explainNotification(options: ExplainOptions, userId: string, id: string): Promise<Explanation> {
  const { store, clock } = options;
  const notification = await store.notifications.get(id);
  if (notification === null) throw new AppError('notification_not_found', 'There is no notification with this id.');
  const [suppression, deliveryCount] = await Promise.all([
    store.suppressions.get(id, userId),
    countOfUser(options, userId, id),
  ]);
  const became = suppression === null && deliveryCount === 0 ? null : { suppression, deliveryCount };
  const atMs = suppression?.atMs ?? (became === null ? clock.now() : notification.acceptedAtMs);
  const { type } = notification.content;
  return explain(options, userId, { type, atMs, deadlineAtMs: deadlineAtMs(notification), exceptId: id }, became);
}

async function countOfUser({ store }: ExplainOptions, userId: string, notificationId: string): Promise<number> {
  const query = { notificationId, userId, attempted: false, filter: ANY_DELIVERY, cursor: null, limit: 200 };
  return (await store.deliveries.listByNotification(query)).items.length;
}

type Asked = Pick<ReleaseFacts, 'type' | 'deadlineAtMs'> & {
  readonly atMs: number;
  /** The notification that is asked about; null where it is none. */
  readonly exceptId: string | null;
};

async function explain(
  options: ExplainOptions,
  userId: string,
  { type, atMs, deadlineAtMs: deadline, exceptId }: Asked,
  became: Explanation['became'],
): Promise<Explanation> {
  const { store, rules, serverZone } = options;
  const query = { audience: usersNamed([userId]), cursor: null, limit: 1000, nowMs: atMs, serverZone };
  const [policy, { members }] = await Promise.all([rules.policyOf(type), store.audiences.members(query)]);
  const member = members[0] ?? { userId, devices: [], person: { user: null, deviceZone: null } };
  const zone = zoneOf(member.person, serverZone);
  const capUses = policy.cap === null ? null : await store.users.capUses(userId, policy.cap, { atMs, exceptId });
  const facts: ReleaseFacts = {
    type,
    policy,
    deadlineAtMs: deadline,
    user: member.person.user,
    zone,
    deviceCount: member.devices.length,
    capUses,
  };
  return { userId, type, atMs, zone, devices: member.devices, account: accountOf(facts, atMs), became };
}
