import { createFanOutPage } from '../../src/delivery/fan-out.ts';
import { type Audience, namedIn } from '../../src/domain/audience/audience.ts';
import { createComposer } from '../../src/domain/content/compose.ts';
import type { Notification } from '../../src/domain/notification/notification.ts';
import { createInProcessQueue } from '../../src/queue/in-process/in-process-queue.ts';
import { createStandingRules } from '../../src/store/standing-rules.ts';
import type { Store } from '../../src/store/store.ts';
import { createWordings } from '../../src/store/wordings.ts';
import { createEvents } from '../../src/telemetry/emitter.ts';
import { createFakeClock } from './fake-clock.ts';
import { fanOutJob, sampleAcceptance, sampleNotification } from './samples.ts';

const MOST_PAGES = 1000;

type At = {
  readonly nowMs: number;
  readonly pageSize?: number;
  readonly passedOverAtOnce?: number;
  readonly serverZone?: string;
};

/** Fans a notification out, by the fan-out of production, as far as it goes at one instant: to its end, or its next wave. */
export async function fanOutAt(
  store: Store,
  notification: Pick<Notification, 'id' | 'priority'>,
  { nowMs, pageSize = 500, serverZone = 'UTC', ...more }: At,
): Promise<void> {
  const clock = createFakeClock(nowMs);
  const queue = createInProcessQueue({ clock });
  const events = createEvents((error) => {
    throw error;
  });
  const rules = createStandingRules({ store, clock });
  const page = createFanOutPage({
    ...{ store, queue, events, clock, rules, serverZone, pageSize, ...more },
    compose: createComposer(null),
    wordings: createWordings(store.templates),
  });
  for (let pages = 0; await isUnderWay(store, notification.id, nowMs); pages += 1) {
    if (pages === MOST_PAGES) throw new Error(`the fan-out of ${notification.id} does not end`);
    await page(fanOutJob(notification));
  }
  await queue.close();
}

async function isUnderWay(store: Store, id: string, nowMs: number): Promise<boolean> {
  const fanOut = await store.fanOuts.get(id);
  return fanOut !== null && (fanOut.notification.dueAtMs ?? nowMs) <= nowMs;
}

/** Sends a notification in waves to its end, each at its time, but none before this instant. */
export async function sendWaves(
  store: Store,
  { id, priority }: Notification,
  fromMs: number,
  more: Pick<At, 'passedOverAtOnce'> = {},
): Promise<void> {
  for (;;) {
    const fanOut = await store.fanOuts.get(id);
    if (fanOut === null) return;
    const nowMs = Math.max(fromMs, fanOut.notification.dueAtMs ?? 0);
    await fanOutAt(store, { id, priority }, { ...more, nowMs, pageSize: 3 });
  }
}

/** Accepts a notification to this audience at an instant, and fans it out at once. */
export async function sendAt(
  store: Store,
  audience: Audience,
  at: At,
  overrides: Partial<Notification> = {},
): Promise<Notification> {
  const userCount = namedIn(audience).length;
  const notification = sampleNotification({ userCount, acceptedAtMs: at.nowMs, ...overrides });
  await store.notifications.accept(sampleAcceptance(notification, [], { audience }));
  await fanOutAt(store, notification, at);
  return notification;
}
