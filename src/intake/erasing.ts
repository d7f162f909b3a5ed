import type { Clock } from '../clock.ts';
import { isWaiting } from '../domain/delivery/delivery.ts';
import { ANY_DELIVERY } from '../domain/delivery/delivery-filter.ts';
import { erased } from '../domain/delivery/life.ts';
import { ERASURE_KEY_FACT, userDigestOf } from '../domain/erasure/digests.ts';
import {
  begunErasure,
  type ErasedPage,
  type ErasedPerson,
  type Erasure,
  nobodyFound,
  pageErased,
} from '../domain/erasure/erasure.ts';
import { bodyWithout, isOfBefore } from '../domain/erasure/traces.ts';
import type { Events } from '../domain/events.ts';
import type { Random } from '../domain/ids.ts';
import type { Schedule } from '../domain/schedule/schedule.ts';
import type { Store } from '../store/store.ts';

export type ErasingParts = {
  readonly store: Pick<Store, 'erasures' | 'deliveries' | 'schedules' | 'facts'>;
  readonly events: Pick<Events, 'publish'>;
  readonly clock: Clock;
  readonly random: Random;
};

/** Whoever is at it has it to themselves for so long. After a crash it is gone on with then. */
const HELD_MS = 10_000;

const SUBSCRIPTIONS_AT_ONCE = 500;
const DELIVERIES_AT_ONCE = 200;
const SCHEDULES_AT_ONCE = 100;

/** Of a list that came with a restored store: so many are looked for in one walk, and begun side by side. */
const FOUND_IN_ONE_WALK = 10_000;
const BEGUN_AT_ONCE = 20;

/** With nobody else at it for a while. */
export function heldErasure(erasure: Erasure, nowMs: number): Erasure {
  const { run } = erasure;
  return run === null ? erasure : { ...erasure, run: { ...run, dueAtMs: nowMs + HELD_MS } };
}

/**
 * The erasure after one more part of it. Each part finds only what is left, so that whoever repeats one after a crash does no harm: what the
 * part before the crash erased and did not get to write down is missing in the counts.
 */
export async function erasedOn(parts: ErasingParts, erasure: Erasure): Promise<Erasure> {
  const { store, events, clock } = parts;
  const { run, untilMs } = erasure;
  if (run === null) return erasure;
  const { userId, alias } = run;
  const page = await pageOf(parts, erasure, { userId, alias, untilMs });
  const next = pageErased(heldErasure(erasure, clock.now()), page, clock.now());
  // Else somebody began it again meanwhile: what is kept says where.
  if (!(await store.erasures.update(next))) return (await store.erasures.get(erasure.id)) ?? next;
  if (next.run === null)
    events.publish({ type: 'erasure.completed', erasureId: next.id, counts: { ...next.result?.counts } });
  return { ...next, version: next.version + 1 };
}

/** What is under way and nobody’s, to the end; and then those who are to be found. False: there was nothing to do. */
export async function eraseDue(parts: ErasingParts, isStopped: () => boolean): Promise<boolean> {
  const { store, clock } = parts;
  const nowMs = clock.now();
  const due = await store.erasures.due(nowMs);
  if (due === null) return findWanted(parts, isStopped);
  const held = heldErasure(due, nowMs);
  if (!(await store.erasures.update(held))) return true;
  let erasure: Erasure = { ...held, version: held.version + 1 };
  while (erasure.run !== null && !isStopped()) erasure = await erasedOn(parts, erasure);
  return true;
}

function pageOf(parts: ErasingParts, { run }: Erasure, person: ErasedPerson): Promise<ErasedPage> {
  if (run === null) return Promise.resolve({ counts: {}, next: null });
  switch (run.step) {
    case 'schedules':
      return eraseFromSchedules(parts, person, run.cursor);
    case 'subscriptions':
      return eraseSubscriptions(parts, person);
    case 'deliveries':
      return eraseFromDeliveries(parts, person, run.cursor);
    default:
      return parts.store.erasures.erasePage(run.step, person, run.cursor);
  }
}

/** One that names nobody else goes. What makes its next notification at this moment is refused, since the schedule has changed. */
async function eraseFromSchedules(
  { store: { schedules } }: ErasingParts,
  person: ErasedPerson,
  cursor: string | null,
): Promise<ErasedPage> {
  const { items, next } = await schedules.list({ cursor, limit: SCHEDULES_AT_ONCE });
  let count = 0;
  for (const { key } of items) {
    let isKept = false;
    while (!isKept) {
      const schedule = await schedules.get(key);
      const without = schedule === null ? 'same' : withoutPerson(schedule, person);
      if (schedule === null || without === 'same') break;
      isKept = without === 'nobody' ? await schedules.delete(key) : await schedules.put(without);
      if (isKept) count += 1;
    }
  }
  return { counts: { schedules: count }, next };
}

function withoutPerson(schedule: Schedule, { userId, untilMs }: ErasedPerson): Schedule | 'same' | 'nobody' {
  if (schedule.updatedAtMs > untilMs) return 'same';
  const notification = bodyWithout(schedule.notification, userId);
  return typeof notification === 'string' ? notification : { ...schedule, notification };
}

async function eraseSubscriptions({ store: { erasures } }: ErasingParts, person: ErasedPerson): Promise<ErasedPage> {
  const subscriptions = await erasures.deleteSubscriptions(person, SUBSCRIPTIONS_AT_ONCE);
  return { counts: { subscriptions }, next: subscriptions < SUBSCRIPTIONS_AT_ONCE ? null : 'more' };
}

/**
 * What waits ends, unsent, by the same conditional write as any other end. What is being sent is left to whoever sends it: a settlement
 * writes nothing of the person, and a further attempt finds no subscription.
 */
async function eraseFromDeliveries(
  { store: { deliveries, erasures }, events, clock }: ErasingParts,
  person: ErasedPerson,
  cursor: string | null,
): Promise<ErasedPage> {
  const { userId, alias, untilMs } = person;
  const all = { userId, fromMs: null, untilMs: null, filter: ANY_DELIVERY };
  const { items, next } = await deliveries.listByUser({ ...all, cursor, limit: DELIVERIES_AT_ONCE });
  const own = items.filter(({ subscriptionId }) => isOfBefore(subscriptionId, untilMs));
  const nowMs = clock.now();
  const plans = own.filter(({ state }) => isWaiting(state)).map((one) => erased({ ...one, userId: alias }, nowMs));
  const answers = await deliveries.settleMany(plans.map(({ settlement }) => settlement));
  // First the contents: by the deliveries they are found, as long as those have the person.
  const contents = await erasures.emptyContents([...new Set(own.map(({ notificationId }) => notificationId))]);
  const detached = await erasures.detach(
    own.map(({ id }) => id),
    person,
  );
  const ended = plans.filter((_, index) => answers[index]);
  for (const event of ended.flatMap((plan) => plan.events)) events.publish(event);
  return { counts: { waiting_deliveries: ended.length, deliveries: detached, contents }, next };
}

/** Goes through all user ids for those whom a list means. */
async function findWanted(parts: ErasingParts, isStopped: () => boolean): Promise<boolean> {
  const { store, clock } = parts;
  const { erasures } = store;
  const wanted = new Map((await erasures.toFind(FOUND_IN_ONE_WALK)).map((one) => [one.userDigest, one]));
  if (wanted.size === 0) return false;
  const key = (await store.facts.find(ERASURE_KEY_FACT)) ?? '';
  const found = new Map<string, Erasure>();
  let cursor: string | null = null;
  do {
    if (isStopped()) return true;
    const page = await erasures.userIds(cursor);
    for (const userId of page.userIds) {
      const one = wanted.get(userDigestOf(key, userId));
      if (one !== undefined) found.set(userId, one);
    }
    cursor = page.next;
  } while (cursor !== null);
  const people = [...found];
  for (let start = 0; start < people.length; start += BEGUN_AT_ONCE) {
    const some = people.slice(start, start + BEGUN_AT_ONCE);
    await Promise.all(some.map(([userId, one]) => beginFound(parts, userId, one)));
  }
  const isFound = new Set([...found.values()].map(({ id }) => id));
  for (const one of wanted.values()) if (!isFound.has(one.id)) await erasures.update(nobodyFound(one, clock.now()));
  return true;
}

/** For what was there up to the instant that the list has, and no more: whoever came since is somebody else. */
async function beginFound({ store, clock, random }: ErasingParts, userId: string, found: Erasure): Promise<void> {
  const alias = newAlias(random);
  const nowMs = clock.now();
  await store.erasures.begin(found, (kept) => begunErasure(kept, { userId, alias, untilMs: kept.untilMs }, nowMs));
}

const ALIAS_OCTETS = 12;

/** What stands for a person where a row stays: drawn by lot, so that nothing leads from it to them. */
export function newAlias(random: Random): string {
  const octets = Uint8Array.from({ length: ALIAS_OCTETS }, () => Math.floor(random() * 256));
  return `erased-${Buffer.from(octets).toString('base64url')}`;
}
