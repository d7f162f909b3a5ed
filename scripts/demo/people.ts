import { setTimeout as delay } from 'node:timers/promises';
import type { Emulator } from '../../src/emulator/emulator.ts';
import type { SignedClient } from '../signed-client.ts';
import type { Account } from './account.ts';

/** A user of the chapter, what is said of them, and what the notification must become for them. */
type DemoPerson = {
  readonly userId: string;
  readonly said: Record<string, unknown> | null;
  readonly what: string;
  readonly outcome: 'send' | 'hold' | 'suppress';
  readonly reason: string | null;
};

type Explained = {
  readonly sentence: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly became: { readonly delivery_count: number; readonly suppressed: boolean } | null;
};

const DIGEST = { type: 'digest.daily', title: 'Your digest', body: 'Three things happened.' };
const HOUR_MS = 3_600_000;
const PATIENCE_MS = 20_000;
const LOOK_AGAIN_MS = 100;

/** Sends one digest to four users with wishes of their own, and tells who gets it, who does not, and why. */
export async function tellPeople(to: Account, pushService: Emulator, call: SignedClient): Promise<void> {
  const people = peopleAt(Date.now());
  await sayWhatHolds(to, pushService, call, people);
  to.step('Send one digest to the four of them');
  const { status, body } = await call('POST', '/v1/notifications', {
    body: { ...DIGEST, user_ids: people.map(({ userId }) => userId) },
  });
  to.check(status === 202, `${status}, ${body.id}`);
  const { user_count: users, counts, suppressed } = await whenSent(call, String(body.id));
  const stopped = Object.values(suppressed).reduce((sum, count) => sum + count, 0);
  to.check(
    users === Number(counts.total) + stopped,
    `${users} users: ${counts.delivered} delivered, ${counts.held} held, ${stopped} suppressed`,
  );
  to.step('Ask why, user by user');
  for (const person of people) await tellPerson(to, call, person, String(body.id));
}

/** Quiet hours around now, so that the demo is the same at any time of the day. */
function peopleAt(nowMs: number): readonly DemoPerson[] {
  const timeOf = (atMs: number): string => new Date(atMs).toISOString().slice(11, 16);
  const quiet = { time_zone: 'UTC', quiet_hours: { from: timeOf(nowMs - HOUR_MS), until: timeOf(nowMs + HOUR_MS) } };
  return [
    { userId: 'pia', said: null, what: 'nothing is said of her', outcome: 'send', reason: null },
    {
      userId: 'mary',
      said: { preferences: { 'digest.*': false } },
      what: 'wants no digests',
      outcome: 'suppress',
      reason: 'opted_out',
    },
    { userId: 'noor', said: quiet, what: 'is in her quiet hours', outcome: 'hold', reason: null },
    { userId: 'otto', said: null, what: 'had a digest today', outcome: 'suppress', reason: 'capped' },
  ];
}

async function sayWhatHolds(
  to: Account,
  pushService: Emulator,
  call: SignedClient,
  people: readonly DemoPerson[],
): Promise<void> {
  to.step('Say what holds: a digest a day is the most, and it is worth half a day');
  const rule = { cap: { limit: 1, per_seconds: 86_400 }, ttl_seconds: 43_200 };
  const { status } = await call('PUT', '/v1/types/digest.*', { body: rule });
  to.check(status === 200, 'PUT /v1/types/digest.*');
  const applicationServerKey = String((await call('GET', '/v1/push/public-key')).body.public_key);
  for (const { userId, said, what } of people) {
    const { subscription } = pushService.createDevice({ name: `${userId}’s phone`, applicationServerKey });
    const device = await call('POST', '/v1/subscriptions', { body: { user_id: userId, ...subscription } });
    const user = said === null ? null : await call('PATCH', `/v1/users/${userId}`, { body: said });
    to.check(device.status === 201 && (user === null || user.status === 200), `${userId} ${what}`);
  }
  const { body } = await call('POST', '/v1/notifications', { body: { ...DIGEST, user_ids: ['otto'] } });
  await whenSent(call, String(body.id));
}

/** What the gates say, which must be what became of it. */
async function tellPerson(to: Account, call: SignedClient, person: DemoPerson, notificationId: string): Promise<void> {
  const { userId, outcome, reason } = person;
  const { body } = await call('GET', `/v1/users/${userId}/explain?notification_id=${notificationId}`);
  const told = body as Explained;
  const isSuppressed = outcome === 'suppress';
  const isAsItBecame =
    told.became?.suppressed === isSuppressed && told.became.delivery_count === (isSuppressed ? 0 : 1);
  to.check(told.outcome === outcome && told.reason === reason && isAsItBecame, userId);
  to.detail(told.sentence);
}

type Sent = {
  readonly status: string;
  readonly user_count: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly suppressed: Readonly<Record<string, number>>;
};

/** Fanned out, and nothing under way; what is held may be so for an hour. */
async function whenSent(call: SignedClient, id: string): Promise<Sent> {
  const giveUpAtMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const sent = (await call('GET', `/v1/notifications/${id}`)).body as Sent;
    const { total = 0, held = 0, delivered = 0 } = sent.counts;
    if ((sent.status !== 'accepted' && total === held + delivered) || Date.now() > giveUpAtMs) return sent;
    await delay(LOOK_AGAIN_MS);
  }
}
