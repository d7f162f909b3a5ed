import { usersNamed } from '../../src/domain/audience/audience.ts';
import { planPage } from '../../src/domain/audience/fan-out.ts';
import type { Worded } from '../../src/domain/content/wording.ts';
import { ERASURE_KEY_FACT, userDigestOf } from '../../src/domain/erasure/digests.ts';
import { policyOf } from '../../src/domain/notification-type/type-policy.ts';
import { newUser, patched } from '../../src/domain/user/user.ts';
import { createErasures } from '../../src/intake/erasures.ts';
import type { Store } from '../../src/store/store.ts';
import { sampleBulkAction } from '../contract/bulk-action-contract.ts';
import { claimed } from '../contract/fresh-store.ts';
import { sampleSchedule } from '../contract/schedule-contract.ts';
import { createFakeClock } from './fake-clock.ts';
import { sendAt } from './fan-out-at.ts';
import { endingAs, LATER_MS, NOW_MS, sampleAcceptance, sampleNotification, sampleSubscription } from './samples.ts';

/** Whom the tests erase: a name that must be found wherever it stands. */
export const PERSON = 'ada-da$.n-who-goes';
const OTHER = 'bob-who-stays';

/** A text that is made for each recipient, of what is theirs. */
export const PERSONAL_TEXT: Worded = {
  source: {
    kind: 'inline',
    wording: { defaultLocale: 'en', variables: { n: 'string' }, locales: { en: { title: '{n}' } } },
  },
  values: {},
  isPersonal: true,
  shown: { title: '{n}' },
};

/** The erasing of a process on this store, at an instant after all traces. */
export function erasuresOn(store: Store, nowMs = LATER_MS) {
  const clock = createFakeClock(nowMs);
  const parts = { store, clock, random: Math.random, events: { publish: () => {} } };
  return { clock, parts, erasures: createErasures({ ...parts, onErasure: () => {} }) };
}

/** Has the person stand wherever a store keeps people: devices, wishes, attempts, lists, schedules, the audit log. */
export async function leaveTraces(store: Store) {
  const both = usersNamed([PERSON, OTHER]);
  const at = { nowMs: NOW_MS };
  const ghostly = await sendAt(store, both, at);
  const devices = [PERSON, PERSON, OTHER].map((userId) => sampleSubscription({ userId }));
  for (const device of devices) await store.subscriptions.register(device);
  for (const id of [PERSON, OTHER])
    await store.users.change(newUser(id, NOW_MS), (user) => patched(user, { tags: ['beta'] }, NOW_MS));
  await store.typeRules.put('digest', { cap: { limit: 9, perSeconds: 3600 } });
  const waiting = await sendAt(store, both, at);
  const alone = await sendAt(store, usersNamed([PERSON]), at, { content: { type: 'digest', title: `For ${PERSON}` } });
  const [delivery] = (await deliveriesTo(store, PERSON)).filter(({ notificationId }) => notificationId === alone.id);
  await store.deliveries.settleMany([endingAs('delivered', await claimed(store, delivery?.id ?? ''))]);
  await store.users.change(newUser(PERSON, NOW_MS), (user) => patched(user, { preferences: { news: false } }, NOW_MS));
  const suppressed = await sendAt(store, both, at, { content: { type: 'news', title: 'x' } });
  const scheduled = await schedule(store);
  const body = { type: 't', title: 'x', exclude_user_ids: [PERSON] };
  await store.schedules.put(sampleSchedule({ key: 'both', notification: { ...body, user_ids: [OTHER, PERSON] } }));
  await store.schedules.put(sampleSchedule({ key: 'alone', notification: { ...body, user_ids: [PERSON] } }));
  const nothing = { reason: null, service: null, notificationId: null, type: null, remedy: null };
  const filter = { ...nothing, userId: PERSON, fromMs: null, untilMs: null };
  await store.bulkActions.add(sampleBulkAction({ filter }));
  await store.audit.append([
    { ...AUDITED, target: PERSON },
    { ...AUDITED, target: OTHER },
  ]);
  return { ghostly, waiting, alone, suppressed, ...scheduled };
}

const AUDITED = {
  atMs: NOW_MS,
  by: 'key',
  who: 'shop',
  action: 'patchUser',
  from: '',
  requestId: 'r',
  refusal: null,
  salts: ['a', 'b', 'c'],
} as const;

/** What is to come later: one that names the person, with values, and one that leaves them out. */
async function schedule(store: Store) {
  const later = {
    acceptedAtMs: NOW_MS,
    status: 'scheduled',
    dueAtMs: LATER_MS * 2,
    lastWaveAtMs: LATER_MS * 2,
  } as const;
  const sendAtInstant = { kind: 'instant', atMs: LATER_MS * 2 } as const;
  const timing = { ...later, sendAt: sendAtInstant, releasedUsers: 0 };
  const named = sampleNotification({
    ...timing,
    userCount: 2,
    content: { type: 't', title: '{n}', worded: PERSONAL_TEXT },
  });
  const audience = usersNamed([OTHER, PERSON]);
  const values = [{ n: OTHER }, { n: PERSON }];
  await store.notifications.accept({ ...sampleAcceptance(named, [], { audience }), values });
  const leftOut = sampleNotification({ ...timing, userCount: 0 });
  const everyone = { kind: 'everyone', excludedIds: [PERSON] } as const;
  await store.notifications.accept(sampleAcceptance(leftOut, [], { audience: everyone }));
  return { named, leftOut };
}

/** All deliveries to a user. */
export async function deliveriesTo(store: Store, userId: string) {
  const filter = { state: null, reason: null, service: null, attempt: null };
  return (await store.deliveries.listByUser({ userId, fromMs: null, untilMs: null, filter, cursor: null, limit: 200 }))
    .items;
}

/** A page of a fan-out that was read, and is committed whenever somebody says so. */
export async function pageReadBefore(store: Store) {
  const notification = sampleNotification({ userCount: 2, acceptedAtMs: NOW_MS });
  const audience = usersNamed([PERSON, OTHER]);
  await store.notifications.accept(sampleAcceptance(notification, [], { audience }));
  const fanOut = await store.fanOuts.get(notification.id);
  const look = { audience, cursor: null, limit: 100, nowMs: NOW_MS, serverZone: 'UTC' };
  const { members } = await store.audiences.members(look);
  const terms = { policy: policyOf(new Map(), 'order.shipped'), serverZone: 'UTC' };
  const commit = () =>
    store.fanOuts.commitPage({
      ...{ notification, members, policy: terms.policy, isUserCountOpen: false, wave: null, nowMs: NOW_MS },
      from: fanOut?.cursor ?? '',
      to: null,
      plan: (capUsesOf) => planPage(notification, members, terms, NOW_MS, capUsesOf),
    });
  return { id: notification.id, commit };
}

/** By which the person is known once erased. */
export async function digestOf(store: Store): Promise<string> {
  return userDigestOf((await store.facts.find(ERASURE_KEY_FACT)) ?? '', PERSON);
}
