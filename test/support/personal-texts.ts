import { endCancelledPage } from '../../src/delivery/cancelling.ts';
import { type Audience, usersNamed } from '../../src/domain/audience/audience.ts';
import type { Worded } from '../../src/domain/content/wording.ts';
import type { Notification } from '../../src/domain/notification/notification.ts';
import { newUser, patched } from '../../src/domain/user/user.ts';
import type { Store } from '../../src/store/store.ts';
import { claimed } from '../contract/fresh-store.ts';
import { createFakeClock } from './fake-clock.ts';
import { fanOutAt, sendAt } from './fan-out-at.ts';
import { endingAs, LATER_MS, NOW_MS, sampleAcceptance, sampleNotification, sampleSubscription } from './samples.ts';
import { deliveriesTo, PERSON, PERSONAL_TEXT } from './traces.ts';

/** In whatever was said to the person alone, and in whatever was said of them. */
export const SECRET = 'the-biopsy-of-tuesday';

const AT = { nowMs: NOW_MS };
const LATER = {
  status: 'scheduled',
  dueAtMs: LATER_MS * 2,
  lastWaveAtMs: LATER_MS * 2,
  sendAt: { kind: 'instant', atMs: LATER_MS * 2 },
  releasedUsers: 0,
} as const;

const worded: Worded = {
  source: {
    kind: 'inline',
    wording: { defaultLocale: 'en', variables: { n: 'string' }, locales: { en: { title: `{n} ${SECRET}` } } },
  },
  values: { n: SECRET },
  isPersonal: true,
  shown: { title: `{n} ${SECRET}` },
};

const TEXT = { title: `About ${SECRET}`, body: SECRET, data: { of: SECRET } };
const ALONE: Audience = usersNamed([PERSON]);
const BOTH: Audience = usersNamed([PERSON, 'bob-who-stays']);

/** What is said to the person alone, by everything that can become of it; each ends with no delivery, but for one. */
export async function leaveTexts(store: Store): Promise<void> {
  await sendAt(store, ALONE, AT, said('without.device'));
  await fanOutAt(store, await accept(store, ALONE, personal('worded'), OWN_VALUES), AT);
  await store.subscriptions.register(sampleSubscription({ userId: PERSON }));
  const change = { tags: [`tag-of-${PERSON}`], preferences: { 'opted.out': false }, locale: 'de' };
  await store.users.change(newUser(PERSON, NOW_MS), (user) => patched(user, change, NOW_MS));
  await sendAt(store, ALONE, AT, said('opted.out'));
  const late = { nowMs: NOW_MS + 7_200_000 };
  await fanOutAt(store, await accept(store, ALONE, { ...said('missed'), ttlSeconds: 60, ...SOON }), late);
  await sendAt(store, ALONE, AT, said('sent'));
  for (const { id, state } of await deliveriesTo(store, PERSON))
    if (state === 'pending') await store.deliveries.settleMany([endingAs('delivered', await claimed(store, id))]);
  await accept(store, ALONE, { ...said('later'), ...LATER });
  await accept(store, ALONE, { ...personal('later.worded'), ...LATER }, OWN_VALUES);
  await accept(store, ALONE, said('not.fanned.out'));
  await accept(store, BOTH, { ...LATER, content: { type: 'x', title: '{n}', worded: PERSONAL_TEXT } }, VALUES_OF_BOTH);
  await calledOff(store, ALONE, said('called.off'));
  await calledOff(store, ALONE, personal('called.off.worded'), OWN_VALUES);
  await calledOff(store, BOTH, { content: { type: 'x', title: '{n}', worded: PERSONAL_TEXT } }, VALUES_OF_BOTH);
  await leaveOut(store);
}

const SOON = { ...LATER, dueAtMs: NOW_MS, lastWaveAtMs: NOW_MS, sendAt: { kind: 'instant', atMs: NOW_MS } } as const;
const OWN_VALUES = { values: [{ n: SECRET }] };
const VALUES_OF_BOTH = { values: [{ n: SECRET }, { n: 'bob' }] };

/** Audiences that leave the person out: one that is done, and one that was called off. */
async function leaveOut(store: Store): Promise<void> {
  const everyone: Audience = { kind: 'everyone', excludedIds: [PERSON] };
  await sendAt(store, everyone, AT, { userCount: 0 });
  await sendAt(store, { kind: 'tags', text: 'beta', excludedIds: [PERSON] }, AT, { userCount: 0 });
  await calledOff(store, everyone, { userCount: 0 });
}

function said(type: string): Partial<Notification> {
  return { content: { type, ...TEXT } };
}

function personal(type: string): Partial<Notification> {
  return { content: { type, title: `{n} ${SECRET}`, worded } };
}

async function accept(
  store: Store,
  audience: Audience,
  overrides: Partial<Notification>,
  more: { readonly values?: readonly Record<string, string>[] } = {},
): Promise<Notification> {
  const userCount = audience.kind === 'user_ids' ? audience.userIds.length : 0;
  const notification = sampleNotification({ userCount, acceptedAtMs: NOW_MS, ...overrides });
  await store.notifications.accept(sampleAcceptance(notification, [], { audience, ...more }));
  return notification;
}

async function calledOff(
  store: Store,
  ...accepted: Parameters<typeof accept> extends [Store, ...infer Rest] ? Rest : never
) {
  const { id } = await accept(store, ...accepted);
  await store.notifications.cancel(id, NOW_MS);
  const clock = createFakeClock(NOW_MS + 600_000);
  while (await endCancelledPage({ store, events: { publish: () => {} }, clock }, id));
}
