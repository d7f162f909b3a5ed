import { ANY_DELIVERY } from '../../src/domain/delivery/delivery-filter.ts';
import { marksOf } from '../../src/domain/receipt/receipt.ts';
import { readNotificationBody } from '../../src/http/v1/notification-schema.ts';
import type { Account } from './account.ts';
import { startExperimentWorld } from './experiment-world.ts';

const USERS = Array.from({ length: 500 }, (_, index) => `reader-${index}`);
const SALE = {
  type: 'news',
  audience: { everyone: true },
  ttl_seconds: 86_400,
  variants: [
    { key: 'short', weight: 1, title: 'Sale' },
    { key: 'long', weight: 1, title: 'The sale of the year' },
  ],
  experiment: { key: 'sale-subject', holdout_percent: 10, test_percent: 60, decide_after_seconds: 3600 },
};
/** Of a hundred who are shown each, so many click. */
const CLICKS: Readonly<Record<string, number>> = { short: 10, long: 40 };

type World = Awaited<ReturnType<typeof startExperimentWorld>>;

/** Says one thing in two ways to some of the users, keeps some out, and sends the winner to the others. */
export async function tellExperiments(to: Account, folder: string): Promise<void> {
  to.step('Say it in two ways to some of 500 users, see which does better, and send that to the others');
  const world = await startExperimentWorld(folder, Date.parse('2026-03-26T12:00:00Z'));
  for (const userId of USERS) await world.register(userId);
  const { notification } = await world.notifications.accept(readNotificationBody(SALE), null);
  await world.pass(1);
  const tested = countsOf(world.titles);
  to.check(tested.short + tested.long === world.titles.length, `the test went to ${inWords(tested)}`);
  const { suppressed } = (await world.notifications.get(notification.id)).counted;
  to.check(suppressed.holdout > 0, `${suppressed.holdout} are held out and get nothing; the others wait for an hour`);
  const told = await tellOf(world, notification.id);
  to.check(told > 0, `devices tell: all of them were shown, ${told} were clicked`);
  await tellOutcome(to, world, notification.id);
  await world.store.close();
}

/** Whether it was clicked goes by the number of the user. Gives how many clicked. */
async function tellOf({ store, nowMs }: World, notificationId: string): Promise<number> {
  let clicks = 0;
  for (let cursor: string | null = null; ; ) {
    const query = { notificationId, userId: null, attempted: false, filter: ANY_DELIVERY, limit: 200, cursor };
    const { items, next } = await store.deliveries.listByNotification(query);
    const marks = items.flatMap(({ id: deliveryId, userId, variant }) => {
      const lot = (Number(userId.slice('reader-'.length)) * 37) % 100;
      const event = lot < (CLICKS[variant?.key ?? ''] ?? 0) ? 'clicked' : 'shown';
      if (event === 'clicked') clicks += 1;
      return marksOf({ deliveryId, event, action: '', atMs: nowMs() }, ['shown', 'clicked']);
    });
    await store.receipts.keep(marks.map((mark) => ({ ...mark, isInExperiment: true })));
    if (next === null) return clicks;
    cursor = next;
  }
}

async function tellOutcome(to: Account, world: World, notificationId: string): Promise<void> {
  const before = world.titles.length;
  to.detail('an hour passes …');
  await world.pass(62);
  const { experiment, sentence, variants } = await world.experiments.get(SALE.experiment.key);
  to.check(experiment.decided?.winner === 'long', sentence);
  for (const { key, delivered, clicked, interval } of variants) {
    const [from, upTo] = [interval?.from ?? 0, interval?.to ?? 0].map((share) => Math.round(100 * share));
    to.detail(`${key}: ${clicked} of ${delivered} clicked; between ${from} and ${upTo} of a hundred do`);
  }
  const others = countsOf(world.titles.slice(before));
  to.check(others.short === 0 && others.long > 0, `the ${others.long} who waited got “${titleOf('long')}”`);
  const { notification, counted } = await world.notifications.get(notificationId);
  const { deliveries: counts, suppressed } = counted;
  const isAll = counts.delivered + suppressed.holdout === USERS.length;
  const words = `${counts.delivered} delivered, ${suppressed.holdout} held out: every one of ${USERS.length} users`;
  to.check(isAll && notification.status === 'completed', words);
}

function titleOf(key: string): string {
  return SALE.variants.find((variant) => variant.key === key)?.title ?? '';
}

function countsOf(titles: readonly string[]) {
  const of = (key: string): number => titles.filter((title) => title === titleOf(key)).length;
  return { short: of('short'), long: of('long') };
}

function inWords({ short, long }: ReturnType<typeof countsOf>): string {
  return `${short} as “${titleOf('short')}”, to ${long} as “${titleOf('long')}”`;
}
