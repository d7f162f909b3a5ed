import type { Clock } from '../clock.ts';
import { type Member, namedIn, usersNamed } from '../domain/audience/audience.ts';
import { planPage, type Reached, type ReleaseTerms, reachedBy, type WordedTerms } from '../domain/audience/fan-out.ts';
import type { Events } from '../domain/events.ts';
import { isPersonal, isWorded } from '../domain/experiment/variant-content.ts';
import type { Notification } from '../domain/notification/notification.ts';
import { tracedPage } from '../domain/trace.ts';
import { isAlarmDue, type Job, type JobQueue, reminderOf } from '../queue/job-queue.ts';
import { AUDIENCE_START } from '../store/audience-cursor.ts';
import type { AudienceCursor, AudienceQuery, AudienceStore } from '../store/audience-store.ts';
import type { FanOut } from '../store/fan-out-store.ts';
import type { StandingRules } from '../store/standing-rules.ts';
import type { Store } from '../store/store.ts';
import { type WordedPlanOptions, wordedPlan } from '../store/worded-plan.ts';
import { endCancelledPage } from './cancelling.ts';
import { decidedFanOut } from './deciding.ts';
import { supersede } from './superseder.ts';
import { createWave } from './wave.ts';

export type FanOutOptions = WordedPlanOptions & {
  readonly store: Pick<
    Store,
    'audiences' | 'fanOuts' | 'deliveries' | 'notifications' | 'suppressions' | 'experiments'
  >;
  readonly queue: JobQueue;
  readonly events: Events;
  readonly clock: Clock;
  readonly rules: StandingRules;
  /** About the most deliveries made in one commit. */
  readonly pageSize: number;
  /** The least users of a page of a wave. */
  readonly passedOverAtOnce?: number;
};

/**
 * Turns an accepted notification into deliveries, one page a job, so that a large audience shares the worker with
 * everything else. The cursor moves in the page's own commit: whoever repeats a page, or loses a race, changes nothing.
 */
export function createFanOutPage(options: FanOutOptions): (job: Job) => Promise<void> {
  const { store, queue, events, clock, pageSize, passedOverAtOnce, rules, serverZone } = options;

  return async (job) => {
    const read = await store.fanOuts.get(job.id);
    if (read === null) {
      if (await endCancelledPage(options, job.id))
        await queue.enqueueMany([{ ...job, step: job.step + 1, runAtMs: clock.now() }]);
      return;
    }
    const nowMs = clock.now();
    if (read.notification.dueAtMs !== null && read.notification.dueAtMs > nowMs) return;
    const fanOut =
      read.notification.content.experiment === undefined ? read : await decidedFanOut(options, read, nowMs);
    if (fanOut === null) return;
    const { notification, audience, cursor: from, begun } = fanOut;
    const policy = await rules.policyOf(notification.content.type);
    const wave = createWave(fanOut, { store: store.fanOuts, serverZone, nowMs, passedOverAtOnce });
    const look = { limit: Math.max(pageSize, wave.limit), nowMs, serverZone };
    const { members: found, next: to } =
      begun === null
        ? await store.audiences.members({
            ...look,
            ...wave.only,
            audience: await rules.resolve(audience),
            cursor: from,
          })
        : { members: await membersNamed(store.audiences, begun.userIds, look), next: begun.to };
    const members = await wave.undecided(found);
    const terms: ReleaseTerms = { policy, serverZone, worded: await wordedOf(options, fanOut, members) };
    const isUserCountOpen = audience.kind !== 'user_ids';
    const page = { notification, from, to, members, policy: terms.policy, isUserCountOpen, wave: wave.page(), nowMs };
    const fannedOut = await store.fanOuts.commitPage({
      ...page,
      plan: (capUsesOf) => planPage(notification, members, terms, nowMs, capUsesOf),
    });
    if (fannedOut === null) return;
    const { deliveries } = fannedOut;
    tellPage(options, notification, { users: members.length, deliveries: deliveries.length, startedAtMs: nowMs });
    await supersede(
      { store: store.deliveries, events, clock },
      notification,
      deliveries.map(({ subscriptionId }) => subscriptionId),
    );
    const reminders: Job[] = deliveries.map((delivery) => reminderOf(delivery, delivery.dueAtMs ?? nowMs));
    const next = { ...job, step: job.step + 1 };
    if (to !== null) reminders.push({ ...next, runAtMs: nowMs });
    else if (page.wave !== null && page.wave.followingAtMs !== null) {
      if (isAlarmDue(page.wave.followingAtMs, nowMs)) reminders.push({ ...next, runAtMs: page.wave.followingAtMs });
    } else {
      const isWhole = from === AUDIENCE_START && notification.sendAt === null;
      const reached = isWhole ? reachedBy(deliveries) : await reachedInAll(store, notification.id);
      events.publish({ type: 'notification.fanned_out', notificationId: notification.id, reached });
    }
    await queue.enqueueMany(reminders);
  };
}

/** To who follows the trace of a call. */
function tellPage(
  { events, clock }: FanOutOptions,
  notification: Notification,
  page: { readonly users: number; readonly deliveries: number; readonly startedAtMs: number },
): void {
  for (const event of tracedPage(notification, { ...page, endedAtMs: clock.now() })) events.publish(event);
}

/** All of them, as they are now. */
async function membersNamed(
  audiences: AudienceStore,
  userIds: readonly string[],
  look: Pick<AudienceQuery, 'limit' | 'nowMs' | 'serverZone'>,
): Promise<readonly Member[]> {
  const audience = usersNamed(userIds);
  const members: Member[] = [];
  let cursor: AudienceCursor | null = null;
  do {
    const page = await audiences.members({ ...look, audience, cursor });
    members.push(...page.members);
    cursor = page.next;
  } while (cursor !== null);
  return members;
}

/** How these users are planned where the text is made for each recipient; null where it is the same for all. */
async function wordedOf(
  options: FanOutOptions,
  { notification, audience }: FanOut,
  members: readonly Member[],
): Promise<WordedTerms | null> {
  if (!isWorded(notification.content)) return null;
  const userIds = members.map(({ userId }) => userId);
  const values = isPersonal(notification.content)
    ? await options.store.fanOuts.valuesOf(notification.id, namedIn(audience), userIds)
    : null;
  return wordedPlan(options, notification, (userId) => values?.get(userId) ?? null);
}

/** What all pages of a fan-out came to. Null where the notification is forgotten already. */
async function reachedInAll(store: FanOutOptions['store'], id: string): Promise<Reached | null> {
  const notification = await store.notifications.get(id);
  if (notification === null) return null;
  const [states, reasons] = await Promise.all([
    store.deliveries.countByState(id),
    store.suppressions.countByReason(id),
  ]);
  return { users: notification.userCount - sumOf(reasons), deliveries: sumOf(states) };
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
