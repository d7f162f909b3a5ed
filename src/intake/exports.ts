import type { Clock } from '../clock.ts';
import { usersNamed } from '../domain/audience/audience.ts';
import type { Suppression } from '../domain/audience/suppression.ts';
import type { AuditEntry } from '../domain/audit/audit-entry.ts';
import { ANY_DELIVERY } from '../domain/delivery/delivery-filter.ts';
import { bodyWithout } from '../domain/erasure/traces.ts';
import type { ExperimentMark, Stage } from '../domain/experiment/experiment.ts';
import { type Receipt, receiptsOf } from '../domain/receipt/receipt.ts';
import type { Subscription } from '../domain/subscription/subscription.ts';
import type { User } from '../domain/user/user.ts';

import type { AudienceCursor, AudiencePage } from '../store/audience-store.ts';
import type { Page } from '../store/page.ts';
import type { Store } from '../store/store.ts';
import { createUserDeliveries, type DeliveryOfNotification } from './user-deliveries.ts';

/** All that is known of a person. Lists come piece by piece: somebody may have had thousands of notifications. */
export type UserExport = {
  readonly userId: string;
  readonly exportedAtMs: number;
  /** Null where nothing was said. */
  readonly user: User | null;
  readonly subscriptions: AsyncIterable<Subscription>;
  readonly deliveries: AsyncIterable<ExportedDelivery>;
  readonly suppressions: AsyncIterable<Suppression>;
  /** What the person came to in experiments. */
  readonly experiments: readonly ExportedExperiment[];
  /** Keys of those that name the person. */
  readonly scheduleKeys: AsyncIterable<string>;
  /** What was done to the person, as the audit log has it. */
  readonly audit: AsyncIterable<AuditEntry>;
};

/** Which variant a person had in an experiment, and how far they came with it. */
type ExportedExperiment = { readonly key: string; readonly variant: string; readonly stages: readonly Stage[] };

/** A delivery beside its notification, and what its device told. */
type ExportedDelivery = DeliveryOfNotification & { readonly receipts: readonly Receipt[] };

/** An active subscription, and what was said of its user; or a user who has none. */
export type Exported =
  | { readonly subscription: Subscription; readonly user: User | null }
  | { readonly subscription: null; readonly user: User };

export type Exports = {
  ofUser(userId: string): Promise<UserExport>;
  /** All active subscriptions, piece by piece, the newest first; then users who have none and of whom something was said. */
  everything(): AsyncGenerator<readonly Exported[]>;
};

type ExportedStore = Pick<
  Store,
  | 'users'
  | 'audiences'
  | 'subscriptions'
  | 'deliveries'
  | 'notifications'
  | 'suppressions'
  | 'receipts'
  | 'experiments'
  | 'schedules'
  | 'audit'
>;

const AT_ONCE = 200;

/** What is known, handed out: of one person, and of all subscriptions. */
export function createExports({ store, clock }: { readonly store: ExportedStore; readonly clock: Clock }): Exports {
  const userDeliveries = createUserDeliveries({ store });
  return {
    async ofUser(userId) {
      const all = { userId, limit: AT_ONCE };
      const sent = { ...all, fromMs: null, untilMs: null, filter: ANY_DELIVERY };
      const done = { filter: { who: null, action: null, target: userId }, limit: AT_ONCE };
      return {
        userId,
        exportedAtMs: clock.now(),
        user: await store.users.get(userId),
        subscriptions: itemsOf((cursor) => store.subscriptions.list({ ...all, includeRetired: true, cursor })),
        deliveries: withReceipts(
          store,
          itemsOf((cursor) => userDeliveries.list({ ...sent, cursor })),
        ),
        suppressions: itemsOf((cursor) => store.suppressions.listOfUser({ ...all, cursor })),
        experiments: experimentsIn(await store.experiments.ofUser(userId)),
        scheduleKeys: keysNaming(store, userId),
        audit: itemsOf((cursor) => store.audit.list({ ...done, cursor })),
      };
    },
    everything: () => everything(store, clock.now()),
  };
}

async function* everything(store: ExportedStore, nowMs: number): AsyncGenerator<readonly Exported[]> {
  const active = { userId: null, includeRetired: false, limit: AT_ONCE };
  for await (const page of pagesOf((cursor) => store.subscriptions.list({ ...active, cursor }))) {
    const persons = await store.users.persons([...new Set(page.map(({ userId }) => userId))]);
    yield page.map((subscription) => ({ subscription, user: persons.get(subscription.userId)?.user ?? null }));
  }
  for await (const page of pagesOf((cursor) => store.users.list({ tag: null, cursor, limit: AT_ONCE }))) {
    const subscribed = await subscribedOf(store, page, nowMs);
    yield page.filter(({ id }) => !subscribed.has(id)).map((user) => ({ subscription: null, user }));
  }
}

/** Those of them who have an active subscription. */
async function subscribedOf(
  { audiences }: ExportedStore,
  users: readonly User[],
  nowMs: number,
): Promise<ReadonlySet<string>> {
  const look = { audience: usersNamed(users.map(({ id }) => id)), limit: AT_ONCE, nowMs, serverZone: 'UTC' };
  const subscribed = new Set<string>();
  for (let cursor: AudienceCursor | null = null, isLast = users.length === 0; !isLast; isLast = cursor === null) {
    const page: AudiencePage = await audiences.members({ ...look, cursor });
    for (const { userId, devices } of page.members) if (devices.length > 0) subscribed.add(userId);
    cursor = page.next;
  }
  return subscribed;
}

/** Nothing is told of a notification that does not ask for it. */
async function* withReceipts(
  { receipts }: ExportedStore,
  sent: AsyncIterable<DeliveryOfNotification>,
): AsyncGenerator<ExportedDelivery> {
  for await (const one of sent) {
    const isTracked = one.notification?.content.tracking !== undefined;
    yield { ...one, receipts: isTracked ? receiptsOf(await receipts.ofDelivery(one.delivery.id)) : [] };
  }
}

function experimentsIn(marks: readonly ExperimentMark[]): readonly ExportedExperiment[] {
  const found = new Map<string, { key: string; variant: string; stages: Stage[] }>();
  for (const { experimentKey: key, variant, stage } of marks) {
    const known = found.get(key);
    if (known === undefined) found.set(key, { key, variant, stages: [stage] });
    else known.stages.push(stage);
  }
  return [...found.values()];
}

async function* keysNaming({ schedules }: ExportedStore, userId: string): AsyncGenerator<string> {
  for await (const { key, notification } of itemsOf((cursor) => schedules.list({ cursor, limit: AT_ONCE }))) {
    if (bodyWithout(notification, userId) !== 'same') yield key;
  }
}

async function* itemsOf<Item>(list: (cursor: string | null) => Promise<Page<Item>>): AsyncGenerator<Item> {
  for await (const page of pagesOf(list)) yield* page;
}

async function* pagesOf<Item>(list: (cursor: string | null) => Promise<Page<Item>>): AsyncGenerator<readonly Item[]> {
  let cursor: string | null = null;
  do {
    const page: Page<Item> = await list(cursor);
    yield page.items;
    cursor = page.next;
  } while (cursor !== null);
}
