import type { Clock } from '../clock.ts';
import { AppError } from '../domain/app-error.ts';
import type { Delivery } from '../domain/delivery/delivery.ts';
import type { Events } from '../domain/events.ts';
import type { Milestones } from '../domain/notification/milestones.ts';
import type { Notification } from '../domain/notification/notification.ts';
import { type Receipt, type ReceiptCounts, receiptCountsOf, receiptsOf } from '../domain/receipt/receipt.ts';
import type { JobQueue } from '../queue/job-queue.ts';
import type { OfNotificationQuery } from '../store/delivery-store.ts';
import type { NotificationQuery } from '../store/notification-store.ts';
import type { Page, PageRequest } from '../store/page.ts';
import type { ReceiptTotals } from '../store/receipt-store.ts';
import type { Store } from '../store/store.ts';
import type { SuppressionStore } from '../store/suppression-store.ts';
import type { Accepted, Accepting, IdempotencyClaim } from './accepting.ts';
import { type AttemptOfDelivery, attemptPage } from './attempt-page.ts';
import { type Cancelled, cancel } from './cancelling.ts';
import { type Counted, createCounting } from './counting.ts';
import { type NotifyRequest, recipientsOf } from './notify-request.ts';

type DeliveriesQuery = Omit<OfNotificationQuery, 'attempted'>;

export type Notifications = {
  /** Durable once resolved. A repeated call gives the first one's notification. `requestId`: what the caller calls the request, if so. */
  accept(request: NotifyRequest, claim: IdempotencyClaim | null, requestId?: string | null): Promise<Accepted>;
  /** Nothing of it is sent any more, but for what is under way. Throws `notification_completed` where all has ended. */
  cancel(id: string): Promise<Cancelled>;
  get(id: string): Promise<{
    notification: Notification;
    counted: Counted;
    receipts: ReceiptCounts;
    /** Not all that devices told is counted in `receipts` yet. */
    isCountingReceipts: boolean;
    milestones: Milestones;
  }>;
  list(query: NotificationQuery): Promise<Page<Notification>>;
  /** Who got nothing of it, and why. */
  suppressions: SuppressionStore['list'];
  /** Those that are scheduled, the next one first. */
  coming(query: PageRequest): Promise<Page<Notification>>;
  deliveries(query: DeliveriesQuery): Promise<Page<Delivery>>;
  /** The limit counts attempts, not deliveries. */
  attempts(query: DeliveriesQuery): Promise<Page<AttemptOfDelivery>>;
  delivery(id: string): Promise<Delivery>;
  /** What the device of a delivery told. */
  receipts(deliveryId: string): Promise<readonly Receipt[]>;
};

export type NotificationsOptions = {
  readonly store: Pick<Store, 'notifications' | 'deliveries' | 'suppressions' | 'receipts'>;
  readonly queue: Pick<JobQueue, 'enqueueMany'>;
  readonly events: Pick<Events, 'publish'>;
  readonly clock: Clock;
  readonly accepting: Accepting;
};

/** Of a notification of which nothing is asked for. */
const NONE_TOLD: ReceiptTotals = { counts: new Map(), isWhole: true };

/** A reader waits no longer for what is left to count. */
const COUNTS_FOR_MS = 500;

/** What callers may do with notifications, and see of them. */
export function createNotifications(options: NotificationsOptions): Notifications {
  const { notifications, deliveries } = options.store;
  const countsOf = createCounting(options);
  const existing = async (id: string): Promise<Notification> => (await notifications.get(id)) ?? notFound();
  return {
    accept: (request, claim, requestId = null) => accept(options, request, { claim, requestId }),
    cancel: (id) => cancel(options, id),
    async get(id) {
      const [notification, read] = await Promise.all([existing(id), notifications.milestones(id)]);
      // It may have ended between the two; of what has ended, it is counted how it ended.
      const isJustCompleted = notification.status === 'completed' && read?.completedAtMs === null;
      const milestones = (isJustCompleted ? await notifications.milestones(id) : read) ?? notFound();
      const [counted, told] = await Promise.all([
        countsOf(id, milestones.completedAtMs),
        notification.content.tracking === undefined
          ? NONE_TOLD
          : options.store.receipts.countsWithin(id, COUNTS_FOR_MS),
      ]);
      return {
        notification,
        counted,
        receipts: receiptCountsOf(told.counts),
        isCountingReceipts: !told.isWhole,
        milestones,
      };
    },
    list: (query) => notifications.list(query),
    async suppressions(query) {
      await existing(query.notificationId);
      return options.store.suppressions.list(query);
    },
    coming: (query) => notifications.coming(query),
    async deliveries(query) {
      await existing(query.notificationId);
      return deliveries.listByNotification({ ...query, attempted: false });
    },
    async attempts(query) {
      await existing(query.notificationId);
      return attemptPage(deliveries, { ...query, attempted: true });
    },
    async delivery(id) {
      const delivery = await deliveries.get(id);
      if (delivery === null) throw new AppError('delivery_not_found', 'There is no delivery with this id.');
      return delivery;
    },
    receipts: async (deliveryId) => receiptsOf(await options.store.receipts.ofDelivery(deliveryId)),
  };
}

async function accept(
  { store, accepting, clock }: NotificationsOptions,
  request: NotifyRequest,
  { claim, requestId }: { readonly claim: IdempotencyClaim | null; readonly requestId: string | null },
): Promise<Accepted> {
  return accepting.orRepeated({ claim, recipients: recipientsOf(request) }, async () => {
    const prepared = await accepting.prepare(request, { nowMs: clock.now(), id: null, claim, requestId });
    return accepting.conclude(prepared, await store.notifications.accept(prepared.acceptance));
  });
}

function notFound(): never {
  throw new AppError('notification_not_found', 'There is no notification with this id.');
}
