import { AppError } from '../domain/app-error.ts';
import { type Account, accountOf } from '../domain/audience/account.ts';
import { type Member, namedIn, usersNamed } from '../domain/audience/audience.ts';
import { factsOf, type WordedTerms } from '../domain/audience/fan-out.ts';
import type { ReleaseFacts } from '../domain/audience/release.ts';
import type { Suppression } from '../domain/audience/suppression.ts';
import type { Values } from '../domain/content/wording.ts';
import type { Delivery } from '../domain/delivery/delivery.ts';
import { endingsOf } from '../domain/delivery/delivery-account.ts';
import { ANY_DELIVERY } from '../domain/delivery/delivery-filter.ts';
import { comesToAtMs } from '../domain/experiment/lot.ts';
import { isPersonal, isWorded } from '../domain/experiment/variant-content.ts';
import type { Notification } from '../domain/notification/notification.ts';
import { comesAtMs } from '../domain/notification/send-at.ts';
import { zoneOf } from '../domain/user/person.ts';
import type { StandingRules } from '../store/standing-rules.ts';
import type { Store } from '../store/store.ts';
import { type WordedPlanOptions, wordedPlan } from '../store/worded-plan.ts';

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

export type ExplainOptions = WordedPlanOptions & {
  readonly store: Pick<Store, 'audiences' | 'fanOuts' | 'notifications' | 'suppressions' | 'deliveries' | 'users'>;
  readonly rules: StandingRules;
  readonly clock: { now(): number };
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
  const { member, terms } = await asked(options, userId, type, atMs);
  const zone = zoneOf(member.person, options.serverZone);
  const { user } = member.person;
  const deviceCount = member.devices.length;
  const facts = { type, policy: terms.policy, deadlineAtMs: atMs + ttl * 1000, user, zone, deviceCount, turn: null };
  return explain(options, member, { facts, atMs, exceptId: null, decided: null }, null);
}

async function explainNotification(options: ExplainOptions, userId: string, id: string): Promise<Explanation> {
  const { store, clock, serverZone } = options;
  const notification = await store.notifications.get(id);
  if (notification === null) throw new AppError('notification_not_found', 'There is no notification with this id.');
  const [suppression, deliveries] = await Promise.all([
    store.suppressions.get(id, userId),
    deliveriesOfUser(options, userId, id),
  ]);
  const deliveryCount = deliveries.length;
  const became = suppression === null && deliveryCount === 0 ? null : { suppression, deliveryCount };
  const { member, terms } = await asked(options, userId, notification.content.type, clock.now());
  const zone = zoneOf(member.person, serverZone);
  const calledOff = whenCalledOff(notification, suppression, deliveries);
  const wasAtMs = notification.sendAt === null ? notification.acceptedAtMs : deliveries[0]?.createdAtMs;
  const comesAt = became === null ? comesToAtMs(notification, userId, zone, clock.now()) : (wasAtMs ?? clock.now());
  const isTooEarly = calledOff !== null && deliveryCount === 0;
  const atMs = isTooEarly ? wouldComeAtMs(notification, zone, calledOff) : (suppression?.atMs ?? comesAt);
  const worded = await wordedOf(options, notification, member, deliveries[0]);
  const facts = factsOf(notification, member, { ...terms, worded }, atMs);
  const decided = calledOff === null ? whatWasDecided(suppression) : CALLED_OFF;
  const explanation = await explain(options, member, { facts, atMs, exceptId: id, decided }, became);
  return decided === null ? withEndings(explanation, deliveries) : explanation;
}

/** The gates say what was to become of it; some deliveries have ended otherwise since. */
function withEndings(explanation: Explanation, deliveries: readonly Delivery[]): Explanation {
  const endings = endingsOf(deliveries);
  if (endings === null) return explanation;
  const { account } = explanation;
  return { ...explanation, account: { ...account, sentence: `${account.sentence} But since then: ${endings}` } };
}

/** When it was called off, where that kept it from the user; null where it was not, or something else decided before. */
function whenCalledOff(
  { cancelledAtMs }: Notification,
  suppression: Suppression | null,
  deliveries: readonly Delivery[],
): number | null {
  if (cancelledAtMs === null || (suppression !== null && suppression.reason !== 'cancelled')) return null;
  const isKeptFrom = deliveries.every(({ state, reason }) => reason === 'notification_cancelled' || WAITING.has(state));
  return isKeptFrom ? cancelledAtMs : null;
}

/** When what was called off at this instant would have come, as far as is known. */
function wouldComeAtMs({ sendAt, acceptedAtMs }: Notification, zone: string, cancelledAtMs: number): number {
  if (sendAt?.kind === 'instant') return Math.max(sendAt.atMs, cancelledAtMs);
  return comesAtMs({ sendAt, dueAtMs: null, acceptedAtMs }, zone, cancelledAtMs);
}

const WAITING: ReadonlySet<Delivery['state']> = new Set(['pending', 'held', 'retrying']);
const CALLED_OFF = { kind: 'stop', reason: 'cancelled', detail: {} } as const;

/** How the text is made for the user; null where it is the same for all, or nothing is known of their values any more. */
async function wordedOf(
  options: ExplainOptions,
  notification: Notification,
  { userId }: Member,
  delivery: Delivery | undefined,
): Promise<WordedTerms | null> {
  if (!isWorded(notification.content)) return null;
  const isOwn = isPersonal(notification.content);
  const values = isOwn ? (delivery?.values ?? (await waitingValues(options, notification.id, userId))) : null;
  return isOwn && values === null ? null : wordedPlan(options, notification, () => values);
}

/** The values of a recipient whom the fan-out has not come to yet. */
async function waitingValues({ store }: ExplainOptions, id: string, userId: string): Promise<Values | null> {
  const fanOut = await store.fanOuts.get(id);
  if (fanOut === null) return null;
  return (await store.fanOuts.valuesOf(id, namedIn(fanOut.audience), [userId])).get(userId) ?? null;
}

async function deliveriesOfUser({ store }: ExplainOptions, userId: string, notificationId: string) {
  const query = { notificationId, userId, attempted: false, filter: ANY_DELIVERY, cursor: null, limit: 200 };
  return (await store.deliveries.listByNotification(query)).items;
}

/** The user as fan-out would find them, and by what it would decide. */
async function asked({ store, rules, serverZone }: ExplainOptions, userId: string, type: string, nowMs: number) {
  const query = { audience: usersNamed([userId]), cursor: null, limit: 1000, nowMs, serverZone };
  const [policy, { members }] = await Promise.all([rules.policyOf(type), store.audiences.members(query)]);
  const member: Member = members[0] ?? { userId, devices: [], person: { user: null, deviceZone: null } };
  return { member, terms: { policy, serverZone } };
}

type Asked = {
  readonly facts: Omit<ReleaseFacts, 'capUses'>;
  readonly atMs: number;
  /** The notification that is asked about; null where it is none. */
  readonly exceptId: string | null;
  /** What stopped it, where no gate can be asked about that. */
  readonly decided: (Account['answer'] & { kind: 'stop' }) | null;
};

/** What is so near is told as now: a caller’s “now” is a moment old. */
const NEAR_MS = 60_000;

async function explain(
  { store, clock }: ExplainOptions,
  { userId, devices }: Member,
  { facts, atMs, exceptId, decided }: Asked,
  became: Explanation['became'],
): Promise<Explanation> {
  const { cap } = facts.policy;
  const capUses = cap === null ? null : await store.users.capUses(userId, cap, { atMs, exceptId });
  const isNow = Math.abs(atMs - clock.now()) <= NEAR_MS;
  const account = accountOf({ ...facts, capUses }, atMs, { isNow, decided });
  return { userId, type: facts.type, atMs, zone: facts.zone, devices, account, became };
}

/** What no gate can be asked about afterwards. */
function whatWasDecided(suppression: Suppression | null): Asked['decided'] {
  if (suppression === null) return null;
  const { reason, detail } = suppression;
  const isOfTime = reason === 'cancelled' || reason === 'missed' || reason === 'local_time_passed';
  return isOfTime ? { kind: 'stop', reason, detail } : null;
}
